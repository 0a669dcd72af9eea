"""From words to a typed intent, with the words each field came from."""
