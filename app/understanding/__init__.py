"""Language models at work for people: limits, what they may see, and what they took."""
