"""One folder a broker; none knows another."""
