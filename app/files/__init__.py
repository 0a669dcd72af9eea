"""Files that people attach: read as data in a process of their own, kept as tables of text."""
