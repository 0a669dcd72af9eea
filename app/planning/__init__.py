"""From an intent and a view of the world to an immutable plan; pure, so that it can be replayed."""
