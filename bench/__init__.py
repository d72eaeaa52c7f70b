"""Speed, measured as a ratio to the same work done bare, in the same run on the same machine."""
