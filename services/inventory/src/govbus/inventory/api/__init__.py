"""HTTP edge of the inventory."""
