"""govbus.eventing."""
