"""What the audit log decides, as pure functions of what it was given."""
