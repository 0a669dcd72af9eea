"""The broker's truth against what we expected, and the exceptions that leaves for people."""
