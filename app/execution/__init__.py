"""Orders sent once: written down, sent, found again, and followed to their end."""
