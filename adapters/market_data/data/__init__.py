"""Bundled prices to simulate around."""
