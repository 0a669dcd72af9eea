"""The instrument master: which names exist, and their tick, lot and freeze steps."""
