"""The logins of accounts at brokers that people log in to."""
