"""What we expect the broker to hold, moved only by fills."""
