"""What inventory decides, as pure functions of records and facts."""
