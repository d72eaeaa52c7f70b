"""SQL of the audit log, as verbs on an open connection; nothing here commits."""
