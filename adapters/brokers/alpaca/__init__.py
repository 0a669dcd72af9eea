"""Alpaca, by its official client; US shares only."""
