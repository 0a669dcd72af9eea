"""A broker that trades on displayed quotes with its own money and its own book."""
