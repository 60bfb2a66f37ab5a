"""What a user states of a cell."""
