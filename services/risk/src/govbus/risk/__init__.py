"""govbus.risk."""
