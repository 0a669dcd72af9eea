"""Tokens of somebody else's authorization server: checked here, never passed on."""
