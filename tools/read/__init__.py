"""Tools that look and change nothing."""
