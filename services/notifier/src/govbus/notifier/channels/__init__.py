"""Ways to reach a receiver. A channel sends once and says what came of it; retrying is decided elsewhere."""
