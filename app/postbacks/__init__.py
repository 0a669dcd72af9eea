"""News that a broker sends by itself: verified, kept once, and only a reason to look."""
