"""Kite's quotes in our words. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from adapters.brokers.kite_mcp.fields import (
    Row,
    Unreadable,
    moment,
    number,
    on_tick,
    part,
    parts,
    whole,
)
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.snapshots import DepthLevel, Quote, QuoteSource

# A quiet share may go without a trade or a change of its book for a while; a feed that stands
# still, or a market that is closed, longer.
QUIET_MAX: Final = timedelta(hours=1)
AHEAD_MAX: Final = timedelta(minutes=1)


def quote_of(
    ref: InstrumentRef, row: Row, *, asked_at: datetime, token: int, tick: Decimal | None
) -> Quote | None:
    """Return the quote of one instrument; None for one that never traded or has no time.

    `as_of` is when Kite was asked, unless Kite's own time is so far from it that the price is not
    one of now: then it is Kite's. Raises Unreadable for a row that is unsound or another
    instrument's: the key is only what was asked, the token says what was answered.
    """
    told = whole(row, "instrument_token")
    if told != token:
        raise Unreadable(f"Kite answered for token {told}, {ref} is {token}")
    last, market_time = _price(row, "last_price", tick), moment(row, "timestamp", "last_trade_time")
    if last is None or market_time is None:
        return None
    bids, asks = _book(part(row, "depth"), tick)
    day = part(row, "ohlc")
    low, high = _band(row, tick)
    return Quote(
        instrument=ref,
        source=QuoteSource.BROKER,
        as_of=_as_of(asked_at, market_time),
        market_time=market_time,
        last=last,
        bids=bids,
        asks=asks,
        lower_circuit=low,
        upper_circuit=high,
        open=_price(day, "open", tick),
        previous_close=_price(day, "close", tick),
    )


def _as_of(asked_at: datetime, market_time: datetime) -> datetime:
    of_now = -AHEAD_MAX <= asked_at - market_time <= QUIET_MAX
    return asked_at if of_now else market_time


def _price(row: Row, name: str, tick: Decimal | None) -> Decimal | None:
    price = on_tick(number(row, name), tick)
    return price if price > 0 else None


def _band(row: Row, tick: Decimal | None) -> tuple[Decimal | None, Decimal | None]:
    low, high = _price(row, "lower_circuit_limit", tick), _price(row, "upper_circuit_limit", tick)
    if low is not None and high is not None and low > high:
        raise Unreadable(f"the circuit band is {low} to {high}")
    return low, high


def _book(
    depth: Row, tick: Decimal | None
) -> tuple[tuple[DepthLevel, ...], tuple[DepthLevel, ...]]:
    """Return bids and asks, best first; none at all of a book that is crossed.

    A book crosses before the opening, while orders are only collected.
    """
    bids = _levels(parts(depth, "buy"), tick, best_is_highest=True)
    asks = _levels(parts(depth, "sell"), tick, best_is_highest=False)
    if bids and asks and bids[0].price > asks[0].price:
        return (), ()
    return bids, asks


def _levels(
    rows: Iterable[Row], tick: Decimal | None, *, best_is_highest: bool
) -> tuple[DepthLevel, ...]:
    found = []
    for row in rows:
        price, quantity = _price(row, "price", tick), whole(row, "quantity")
        if price is not None and quantity > 0:
            found.append(DepthLevel(price=price, quantity=quantity))
    return tuple(sorted(found, key=lambda level: level.price, reverse=best_is_highest))
