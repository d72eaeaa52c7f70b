"""HTTP edge: cases to read, incidents to act on."""
