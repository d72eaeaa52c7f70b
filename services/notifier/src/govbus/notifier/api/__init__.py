"""HTTP edge: the log of notifications, its live stream, receivers, and what a route would do."""
