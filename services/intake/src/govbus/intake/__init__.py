"""govbus.intake."""
