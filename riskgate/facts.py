"""What the gate knows when it judges one order: the words that rules are written in."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Exchange
from riskgate.contracts.orders import OrderType, Product
from riskgate.figures import ZERO, exactly, ratio

SMALLEST_LOT: Final = Decimal("0.00000001")


class DepthLevel(NamedTuple):
    price: Decimal
    quantity: Decimal


class Price(NamedTuple):
    """What is known of one instrument's market. `as_of` None is a price without a time.

    `low_band` and `high_band` are the day's circuit limits; depth is best price first. Prices of a
    `live` market must have a band, those of a simulation have none.
    """

    last: Decimal
    as_of: datetime | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    low_band: Decimal | None = None
    high_band: Decimal | None = None
    open: Decimal | None = None
    previous_close: Decimal | None = None
    bids: tuple[DepthLevel, ...] = ()
    asks: tuple[DepthLevel, ...] = ()
    live: bool = False

    @property
    def usable(self) -> bool:
        return self.last.is_finite() and self.last > 0


@dataclass(frozen=True, slots=True)
class Listing:
    """One instrument as the gate sees it.

    `names` are what overrides and lists may call it, most exact first. One that is not `listed` is
    known by its symbol only: nothing is known of its steps. `multiplier` is the money,
    in the account's currency, that one point of price is worth in one piece; None where it is not
    known. Instruments without a `sector` share one that is unknown. A `converted` one has the rate
    of exchange in its multiplier.
    """

    key: Hashable
    names: tuple[str, ...]
    listed: bool = False
    lot: Decimal = SMALLEST_LOT
    tick: Decimal | None = None
    freeze: Decimal | None = None
    multiplier: Decimal | None = Decimal(1)
    sector: str = ""
    underlying: Hashable = None
    exchange: Exchange | None = None
    tradable: bool = True
    currency: str | None = None
    converted: bool = False

    def __str__(self) -> str:
        return self.names[0]


class Candidate(NamedTuple):
    """One order that is asked for and not yet sent. `sign` is 1 to buy, -1 to sell.

    `slices` are the orders it goes out as. A `reduce_only` candidate must never open anything.
    `stop_price` is where its loss would be taken.
    """

    listing: Listing
    sign: int
    quantity: Decimal
    order_type: OrderType = OrderType.MARKET
    product: Product | None = None
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    strategy_id: str = ""
    slices: tuple[Decimal, ...] = ()
    reduce_only: bool = False
    stop_price: Decimal | None = None

    @property
    def line(self) -> Hashable:
        """Products are apart: an intraday short does not close a delivery holding."""
        return (self.listing.key, self.product)


class Account:
    """The money that limits are measured by; None where it is not known.

    `available` is free money less what our orders in flight will take. `month_spent` is the latch
    of the month's budget. `daily_return` and `drawdown` are fractions, for people to read.
    """

    __slots__ = (
        "available",
        "currency",
        "daily_return",
        "day_start",
        "drawdown",
        "equity",
        "month_spent",
        "month_start",
        "peak",
        "week_start",
    )

    def __init__(
        self,
        equity: Decimal | None,
        *,
        day_start: Decimal | None = None,
        week_start: Decimal | None = None,
        month_start: Decimal | None = None,
        peak: Decimal | None = None,
        month_spent: bool = False,
        available: Decimal | None = None,
        currency: str | None = None,
    ) -> None:
        self.equity = equity
        self.day_start = day_start
        self.week_start = week_start
        self.month_start = month_start
        self.peak = peak
        self.month_spent = month_spent
        self.available = available
        self.currency = currency
        self.daily_return = _change(equity, day_start)
        fallen = _change(equity, peak)
        self.drawdown = None if fallen is None else -fallen

    def replace(self, **changes: Any) -> "Account":
        """Return the account with some of its facts changed."""
        facts = {name: getattr(self, name) for name in self.__slots__}
        del facts["daily_return"], facts["drawdown"]
        return Account(**facts | changes)


def _change(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Return the change as a fraction of what it was; None where that cannot be said."""
    if now is None or before is None or before <= 0 or now <= 0:
        return None
    with exactly():
        return ratio(now - before, before)


class Rates(NamedTuple):
    """How much went to the broker before this order, as microseconds since 1970, oldest first.

    Orders are of the last 60 s: all of them, of the candidate's strategy, of its instrument.
    Messages are orders, changes and cancels of the last 60 s. Where only a number is known the
    stamps are empty and the number counts. `same_order_age_s` is how long ago the same order was
    sent, None when it was not within the duplicate window.
    """

    orders_global: int = 0
    orders_strategy: int = 0
    orders_symbol: int = 0
    messages_1s: int = 0
    messages_60s: int = 0
    orders_today: int = 0
    global_us: Sequence[int] = ()
    strategy_us: Sequence[int] = ()
    symbol_us: Sequence[int] = ()
    messages_us: Sequence[int] = ()
    same_order_age_s: Decimal | None = None


class Market(NamedTuple):
    """Whether the exchanges of an order are in session; None is not known."""

    is_open: bool | None = None
    closes_at: datetime | None = None
    next_opens_at: datetime | None = None


class Situation(NamedTuple):
    """The state of the world beside the book, for one judgement.

    `rates` None is not known. `risked` is what the plan's earlier orders lose at their stops.
    """

    account: Account
    rates: Rates | None
    market: Market = Market()
    kill_switch: KillSwitchLevel = KillSwitchLevel.RUNNING
    as_of: datetime | None = None
    risked: Decimal = ZERO
