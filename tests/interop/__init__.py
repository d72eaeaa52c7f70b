"""Real payloads of existing platforms, read from the samples folder, never copied."""
