"""Tools that make plans; none can send an order."""
