"""Where prices come from: simulated, replayed from stored bars, or both."""
