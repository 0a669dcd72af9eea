"""Unit tests of app.validation."""
