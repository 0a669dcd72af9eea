"""Unit tests of app.connections."""
