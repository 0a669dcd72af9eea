"""Facts that answers to questions are made of; each names what it rests on."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from riskgate.contracts.base import (
    Code,
    Contract,
    Identifier,
    Money,
    NonNegative,
    Number,
    Price,
    Quantity,
    ShortText,
    UtcTime,
)
from riskgate.contracts.instruments import Currency, Exchange, InstrumentRef
from riskgate.contracts.orders import Product, Side


class FillFact(Contract):
    """One fill of one of our orders."""

    trade_id: Identifier
    broker_order_id: Identifier
    instrument: InstrumentRef
    product: Product
    side: Side
    quantity: Quantity
    price: Price
    traded_at: UtcTime


class Realised(Contract):
    """What closing a position in one instrument and product gained since the day began.

    `gain` is None where the price on one side of it is not known to us. `trade_ids` are the fills
    that closed it.
    """

    instrument: InstrumentRef
    product: Product
    quantity: NonNegative
    gain: Money | None
    trade_ids: tuple[Identifier, ...]


class EquityPoint(Contract):
    """The equity that one stored snapshot of the broker tells."""

    at: UtcTime
    equity: Money
    snapshot_id: Identifier


class Gains(Contract):
    """An account's day: what was realised, what equity it began with, and how equity went.

    `realised_total` is None where one of its parts is; `day_start_equity` where nobody knows it.
    Charges are not in what was realised; they are in the equity.
    """

    currency: Currency
    since: UtcTime
    realised: tuple[Realised, ...]
    realised_total: Money | None
    day_start_equity: Money | None
    line: tuple[EquityPoint, ...]


class Trend(StrEnum):
    UP = "UP"
    DOWN = "DOWN"
    RANGE = "RANGE"


class Volatility(StrEnum):
    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"


class BarsFrom(StrEnum):
    """Whose bars they are: a person's import, or the broker's history."""

    IMPORT = "IMPORT"
    BROKER = "BROKER"


class DayClose(Contract):
    """One day's close beside the averages that end on that day, where there are enough days."""

    day: date
    close: Price
    sma20: Price | None = None
    sma50: Price | None = None


class MarketContext(Contract):
    """Trend and volatility of one instrument from its closed daily bars.

    A figure is None where the bars do not reach for it, and `notes` say so: NO_CANDLES,
    INSUFFICIENT_CANDLES. `volatility20_pct` is annualised; `atr14_pct` is of the last close.
    """

    instrument: InstrumentRef
    bars_from: BarsFrom | None
    bars: Annotated[int, Field(ge=0)]
    first_day: date | None = None
    last_day: date | None = None
    close: Price | None = None
    sma20: Price | None = None
    sma50: Price | None = None
    trend: Trend | None = None
    volatility20_pct: NonNegative | None = None
    volatility: Volatility | None = None
    atr14: NonNegative | None = None
    atr14_pct: NonNegative | None = None
    change20_pct: Number | None = None
    line: tuple[DayClose, ...] = ()
    notes: tuple[Code, ...] = ()


class MarketHours(Contract):
    """An exchange's day by its calendar; `is_open` None is not known.

    `opens_at` and `closes_at` are of today's session, None on a day without one; `last_closed_at`
    is when a session ended last. A market of ours is `simulated` and never closes.
    """

    exchange: Exchange
    is_open: bool | None
    opens_at: UtcTime | None = None
    closes_at: UtcTime | None = None
    last_closed_at: UtcTime | None = None
    next_opens_at: UtcTime | None = None
    simulated: bool = False


class StopFact(Contract):
    """A stop and a target that are kept for the position of one entry; `status` is theirs.

    `stop_rests` says whether an order with a trigger is unfinished at the broker for it now;
    `stop_order_ids` are such orders, `stop_since` is when the first of them was made. A target
    that does not rest is held by us. `side` is the entry's, `opened_at` when it was first kept.
    With `waits_for_fill` nothing of the entry has filled, and both are placed once it does.
    """

    entry_order_id: Identifier
    instrument: InstrumentRef
    side: Side | None = None
    product: Product | None = None
    stop_price: Number | None
    target_price: Number | None
    status: str
    stop_rests: bool = False
    stop_order_ids: tuple[Identifier, ...] = ()
    stop_quantity: NonNegative = Decimal(0)
    stop_since: UtcTime | None = None
    target_rests: bool = False
    waits_for_fill: bool = False
    opened_at: UtcTime | None = None
    note: ShortText | None = None
