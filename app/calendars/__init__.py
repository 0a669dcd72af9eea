"""The exchange calendars: when each exchange trades, and which trading day a time belongs to."""
