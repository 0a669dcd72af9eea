"""The conversation: a graph a turn, and the parsers that read people."""
