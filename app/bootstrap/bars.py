"""Read the bars that a person imports."""

from typing import TYPE_CHECKING

from adapters.market_data.bars import BarsInvalid, read_bars_csv
from adapters.market_data.splits import mark_splits
from app.errors import InvalidRequest
from riskgate.contracts.bars import Bar
from riskgate.contracts.instruments import InstrumentRef

if TYPE_CHECKING:
    pass


def read_bars(text: str, instrument: InstrumentRef) -> tuple[tuple[Bar, ...], tuple[str, ...]]:
    """Read daily bars and mark suspected splits; returns the bars and what was noticed.

    Raises InvalidRequest naming the line and column that cannot be read.
    """
    try:
        bars, notices = mark_splits(read_bars_csv(text, instrument))
    except BarsInvalid as bad:
        raise InvalidRequest(str(bad), code="BARS_INVALID") from bad
    if not bars:
        raise InvalidRequest(f"the file has no bars of {instrument}", code="BARS_INVALID")
    return bars, tuple(notice.message for notice in notices)
