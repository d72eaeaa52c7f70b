"""SQL of the console, as verbs on an open connection."""
