"""Unit tests of app.persistence."""
