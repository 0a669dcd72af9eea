"""The deterministic system and its edges."""
