"""The prices of a server: a file of its own, read again when it has changed."""

from decimal import Decimal
from pathlib import Path
from typing import Final

from app.errors import Unavailable
from riskgate.documents import MARKET, Prices, read_market
from riskgate.reading import DocumentInvalid, Faults, decode_json

_GONE: Final = Decimal("NaN")


class PricesUnavailable(Unavailable):
    """The market file cannot be read, so nothing is judged."""

    code = "PRICES_UNAVAILABLE"
    remedy = "Mend the market file; write it beside and rename it over the old one."


class MarketFile:
    """One snapshot, replaced as a whole by whoever writes the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._symbols: set[str] = set()

    def read(self) -> Prices:
        """Return the prices as they are now. Raises PricesUnavailable."""
        self._seen = None
        market = self.changed()
        assert market is not None, "a file that was not seen before has changed"
        return market

    def changed(self) -> Prices | None:
        """Return the prices when the file has changed, else None. Raises PricesUnavailable.

        A symbol that is no longer in it has no price any more.
        """
        try:
            now = self._path.stat()
            seen = (now.st_mtime_ns, now.st_size, now.st_ino)
            if seen == self._seen:
                return None
            market = read_market_text(self._path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, DocumentInvalid) as fault:
            raise PricesUnavailable(f"{self._path}: {fault}") from fault
        gone = dict.fromkeys(self._symbols - market.last.keys(), _GONE)
        self._seen, self._symbols = seen, set(market.last) | self._symbols
        return market._replace(last={**market.last, **gone})


def read_market_text(text: str) -> Prices:
    """Read one snapshot. Raises DocumentInvalid."""
    faults = Faults()
    market = read_market(decode_json(text, MARKET), faults)
    faults.raise_any()
    return market
