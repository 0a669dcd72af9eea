"""The bundled calendars; see README.md for where each row comes from."""
