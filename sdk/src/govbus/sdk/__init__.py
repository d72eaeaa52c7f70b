"""govbus.sdk."""
