"""Turns: started, streamed, put to sleep for an approval, woken, and traced."""
