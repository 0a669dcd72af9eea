"""Whether trades are a broker closing an intraday position by itself: pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Final

from riskgate.contracts.instruments import Exchange
from riskgate.contracts.orders import BrokerTrade, Product
from riskgate.contracts.traces import ReconciliationDelta

IST: Final = timezone(timedelta(hours=5, minutes=30))
# From when Indian brokers close intraday positions: before the close, each at its own minute.
SQUARE_OFF_FROM: Final = {
    Exchange.NSE: time(15, 15),
    Exchange.BSE: time(15, 15),
    Exchange.NFO: time(15, 15),
    Exchange.BFO: time(15, 15),
    Exchange.MCX: time(23, 0),
}
SYSTEM_WORDS: Final = ("SQUAREOFF", "SQOFF", "SQROFF")


def system_tag(tag: str | None) -> bool:
    """Say whether a tag is one that brokers give their own orders."""
    plain = "".join(letter for letter in (tag or "").upper() if letter.isalnum())
    return plain == "RMS" or any(word in plain for word in SYSTEM_WORDS)


def squared_off(
    delta: ReconciliationDelta, trades: Sequence[BrokerTrade], tags: Mapping[str, str | None]
) -> bool:
    """Say whether foreign trades closed an intraday position late in the day, or are tagged so."""
    mine, truth = delta.expected or Decimal(0), delta.actual or Decimal(0)
    closes = mine != 0 and mine * truth >= 0 and abs(truth) < abs(mine)
    if delta.product is not Product.MIS or not closes:
        return False
    return all(system_tag(tags.get(t.broker_order_id)) or _late(t) for t in trades)


def _late(trade: BrokerTrade) -> bool:
    starts = SQUARE_OFF_FROM.get(trade.instrument.exchange)
    at: datetime = trade.traded_at.astimezone(IST)
    return starts is not None and at.time() >= starts
