"""The real server killed at every step of an order, and what must be true afterwards."""
