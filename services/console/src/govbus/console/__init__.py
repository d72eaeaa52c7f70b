"""govbus.console."""
