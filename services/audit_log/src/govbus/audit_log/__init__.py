"""govbus.audit_log."""
