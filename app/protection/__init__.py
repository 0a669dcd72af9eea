"""Stops and targets of what was bought or sold, the panic close, and the drain of an account."""
