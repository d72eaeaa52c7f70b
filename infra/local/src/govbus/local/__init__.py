"""govbus.local."""
