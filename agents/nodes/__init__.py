"""The steps of a turn, one a file."""
