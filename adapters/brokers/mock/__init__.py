"""A broker that does as its script says, for tests and demonstrations."""
