"""What oversight decides, as pure functions of values."""
