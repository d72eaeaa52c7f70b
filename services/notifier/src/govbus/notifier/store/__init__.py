"""SQL of the notifier, as verbs on an open connection; nothing here commits or decides."""
