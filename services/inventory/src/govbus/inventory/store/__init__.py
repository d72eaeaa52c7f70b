"""SQL as named verbs on an open connection; nothing here commits or decides."""
