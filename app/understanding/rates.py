"""How often a model may look at what, counted over a sliding minute."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WINDOW_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    """The most looks a minute: of one person, and at one symbol."""

    whole: int
    per_symbol: int


RATES: Final[Mapping[str, Rate]] = {
    "find_instruments": Rate(30, 30),
    "get_quotes": Rate(60, 30),
    "view_account": Rate(10, 10),
    "list_orders": Rate(10, 10),
    "view_file": Rate(30, 30),
}


class LookRates:
    """Counts the looks of every person in this process; a tool without a rate gets none."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._seen: defaultdict[tuple[str, ...], deque[float]] = defaultdict(deque)

    def allows(self, person: tuple[str, str], tool: str, symbols: Sequence[str]) -> bool:
        """Count a look and say whether it may be made; one that may not is not counted."""
        rate = RATES.get(tool)
        if rate is None:
            return False
        now = self._monotonic()
        keys: list[tuple[tuple[str, ...], int]] = [((*person, tool), rate.whole)]
        keys += [((*person, tool, symbol.upper()), rate.per_symbol) for symbol in set(symbols)]
        if any(self._count(key, now) >= most for key, most in keys):
            return False
        for key, _ in keys:
            self._seen[key].append(now)
        return True

    def _count(self, key: tuple[str, ...], now: float) -> int:
        seen = self._seen[key]
        while seen and seen[0] <= now - WINDOW_S:
            seen.popleft()
        if not seen:
            del self._seen[key]
            return 0
        return len(seen)
