"""Who may let a plan through, and the seal that binds their word to exactly one plan."""
