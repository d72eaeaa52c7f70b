"""govbus.inventory."""
