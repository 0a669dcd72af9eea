"""States of the world at a time: quotes, the broker's book, and what we expect it to be."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from riskgate.contracts.base import (
    Contract,
    Identifier,
    Money,
    NonNegative,
    Number,
    Price,
    ShortText,
    UtcTime,
    absent,
)
from riskgate.contracts.instruments import Currency, InstrumentRef
from riskgate.contracts.orders import BrokerOrder, Product


class QuoteSource(StrEnum):
    """Where a price comes from; SIMULATED and REPLAY are never a live market."""

    SIMULATED = "SIMULATED"
    REPLAY = "REPLAY"
    BROKER = "BROKER"


class DepthLevel(Contract):
    price: Price
    quantity: NonNegative


class Quote(Contract):
    """The touch and depth of one instrument at its own time.

    `as_of` is when the feed gave the price and decides staleness; `market_time` is the time in
    the market's own history, which a replay keeps apart. `bids` and `asks` are best first. The
    circuits are the day's price band, None where the market has none or it is not known.
    """

    instrument: InstrumentRef
    source: QuoteSource
    as_of: UtcTime
    market_time: UtcTime
    last: Price
    bids: tuple[DepthLevel, ...]
    asks: tuple[DepthLevel, ...]
    lower_circuit: Price | None = None
    upper_circuit: Price | None = None
    open: Price | None = None
    previous_close: Price | None = None

    @model_validator(mode="after")
    def _book_is_ordered(self) -> Self:
        bids = [level.price for level in self.bids]
        asks = [level.price for level in self.asks]
        if bids != sorted(bids, reverse=True) or asks != sorted(asks):
            raise ValueError("depth must be best price first")
        if bids and asks and bids[0] > asks[0]:
            raise ValueError(f"bid {bids[0]} is above ask {asks[0]}")
        return self

    @property
    def bid(self) -> Decimal | None:
        return self.bids[0].price if self.bids else None

    @property
    def ask(self) -> Decimal | None:
        return self.asks[0].price if self.asks else None


class Position(Contract):
    """A signed quantity of one instrument in one product; negative is short.

    `day_quantity` is today's part of it, told apart because brokers report both.
    `sellable_quantity` is how much of it the broker would let go were nothing sold of it today and
    nothing being sold; None where all of it may be, as far as is known. `sale_note` says why less,
    and what a person must know before selling it.
    """

    instrument: InstrumentRef
    product: Product
    quantity: Number
    average_price: NonNegative
    day_quantity: Number = Decimal(0)
    sellable_quantity: Annotated[NonNegative | None, Field(exclude_if=absent)] = None
    sale_note: Annotated[ShortText | None, Field(exclude_if=absent)] = None

    @property
    def blocked_quantity(self) -> Decimal:
        """Return how much of a long position cannot be sold now; 0 where that is not known."""
        if self.sellable_quantity is None:
            return Decimal(0)
        return max(self.quantity - self.sellable_quantity, Decimal(0))


class Margins(Contract):
    """Money at the broker. `available` may be spent; `used` is blocked; both in the account's
    currency. `start_of_day_equity` is None where the broker does not tell."""

    currency: Currency
    available: Money
    used: NonNegative
    equity: Money
    start_of_day_equity: Money | None = None


class BrokerSnapshot(Contract):
    """The broker's book at one time: the canonical truth."""

    snapshot_id: Identifier
    account_id: Identifier
    source: str
    as_of: UtcTime
    holdings: tuple[Position, ...]
    positions: tuple[Position, ...]
    orders: tuple[BrokerOrder, ...]
    margins: Margins | None
    quotes: tuple[Quote, ...] = ()


class ExpectedOrder(Contract):
    """One of our own orders as the ledger believes it stands."""

    order_id: Identifier
    broker_order_id: Identifier | None
    tag: str
    instrument: InstrumentRef
    open_quantity: NonNegative
    filled_quantity: NonNegative
    state: str


class LedgerSnapshot(Contract):
    """What we expect the broker to hold, from our own fills and orders."""

    snapshot_id: Identifier
    account_id: Identifier
    as_of: UtcTime
    expected_positions: tuple[Position, ...]
    expected_orders: tuple[ExpectedOrder, ...]
    watchers: tuple[str, ...] = ()
