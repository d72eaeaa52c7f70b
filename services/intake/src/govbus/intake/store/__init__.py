"""SQL as named verbs on an open connection. Nothing here commits or decides."""
