"""Tradier, over its HTTP interface; US shares only."""
