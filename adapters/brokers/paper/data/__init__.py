"""Bundled tables of the paper broker."""
