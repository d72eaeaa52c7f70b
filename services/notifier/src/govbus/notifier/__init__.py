"""govbus.notifier."""
