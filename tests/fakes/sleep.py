"""Waiting that takes no time."""


async def no_sleep(seconds: float) -> None:
    """Return at once."""
