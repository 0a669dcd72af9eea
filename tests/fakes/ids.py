"""Identifiers that count."""


class CountingIds:
    """Gives `prefix_1`, `prefix_2`, ...; implements IdFactory."""

    def __init__(self) -> None:
        self._given = 0

    def new(self, prefix: str) -> str:
        self._given += 1
        return f"{prefix}_{self._given}"
