"""What a parser reads and what it answers."""

from enum import StrEnum
from typing import Annotated, Final, Protocol

from pydantic import Field

from riskgate.contracts.base import Contract, Money, Number, Percent, UtcTime
from riskgate.contracts.instruments import Currency, InstrumentRef
from riskgate.contracts.intents import (
    EntryRule,
    Offset,
    Provenance,
    Sizing,
    TimeWindow,
)
from riskgate.contracts.orders import OrderType, Product, Side, Validity


class HeldPosition(Contract):
    """What the account holds of one instrument; negative is short."""

    instrument: InstrumentRef
    quantity: Number
    product: Product | None = None
    last: Number | None = None


class OpenOrder(Contract):
    """A resting order a message may speak of."""

    order_id: str
    instrument: InstrumentRef
    side: Side


class TradeDraft(Contract):
    """A trade as far as it was said; unsaid fields are None or empty, never guessed."""

    side: Side | None = None
    symbols: tuple[InstrumentRef, ...] = ()
    sizing: Sizing | None = None
    product: Product | None = None
    order_type: OrderType | None = None
    limit_price: Number | None = None
    trigger_price: Number | None = None
    stop_loss: Offset | None = None
    target: Offset | None = None
    validity: Validity | None = None
    ttl_minutes: Annotated[int, Field(ge=1, le=10_080)] | None = None
    time_window: TimeWindow | None = None
    entry_rules: tuple[EntryRule, ...] = ()
    max_slippage_pct: Percent | None = None
    provenance: dict[str, Provenance] = Field(default_factory=dict)


class Draft(Contract):
    """An unfinished request kept between two turns: the trade, what it lacks, what was asked."""

    trade: TradeDraft
    missing: tuple[str, ...]
    ambiguous: tuple[InstrumentRef, ...] = ()
    message: str


class ParseContext(Contract):
    """What the words may refer to. Nothing in it can decide a field by itself except a symbol
    that the words point at ("exit it", "my tata")."""

    now: UtcTime
    currency: Currency = Currency.INR
    positions: tuple[HeldPosition, ...] = ()
    holdings: tuple[HeldPosition, ...] = ()
    open_orders: tuple[OpenOrder, ...] = ()
    focus_symbol: InstrumentRef | None = None
    equity: Money | None = None
    draft: Draft | None = None


# What is missing of a trade whose words were said before: that it is wanted a second time.
REPEAT: Final = "repeat"


class MessageKind(StrEnum):
    TRADE = "trade"
    QUERY = "query"
    CANCEL = "cancel"
    MODIFY = "modify"
    MONITOR = "monitor"
    CHAT = "chat"
    REFUSE = "refuse"


class QueryTopic(StrEnum):
    PORTFOLIO = "portfolio"
    POSITIONS = "positions"
    HOLDINGS = "holdings"
    ORDERS = "orders"
    QUOTE = "quote"
    MARGIN = "margin"
    PNL = "pnl"
    EXCEPTIONS = "exceptions"
    CONNECTION = "connection"
    HELP = "help"


class Problem(Contract):
    """Something said that cannot be traded as said: code, what was wrong, what to do."""

    code: str
    field: str
    message: str
    remedy: str


class ParsedMessage(Contract):
    """One message understood: its kind, and either a draft, a topic, or neither.

    `missing` names what a person must still say (symbol, side, size, limit_price, trigger_price,
    stop_loss, condition, order, changes, repeat); `ambiguous` the rows a name may mean.
    `drops_draft` says that the person took back the unfinished request in the context.
    """

    kind: MessageKind
    trades: tuple[TradeDraft, ...] = ()
    missing: tuple[str, ...] = ()
    ambiguous: tuple[InstrumentRef, ...] = ()
    problems: tuple[Problem, ...] = ()
    topic: QueryTopic | None = None
    symbols: tuple[InstrumentRef, ...] = ()
    order_ids: tuple[str, ...] = ()
    cancel_all: bool = False
    drops_draft: bool = False


class IntentParser(Protocol):
    """Reads a message; unsure is a question, never a trade."""

    @property
    def name(self) -> str: ...

    def parse(self, message: str, context: ParseContext) -> ParsedMessage: ...
