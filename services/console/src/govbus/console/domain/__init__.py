"""What the board shows, as values. Pure."""
