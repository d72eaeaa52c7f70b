"""govbus.oversight."""
