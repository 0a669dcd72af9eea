"""The frozen vocabulary that every package shares."""
