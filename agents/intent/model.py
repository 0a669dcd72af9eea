"""What a parser reads and what it answers."""

from enum import StrEnum
from typing import Annotated, Final, Protocol

from pydantic import Field

from riskgate.contracts.base import Contract, Money, Number, Percent, UtcTime
from riskgate.contracts.files import Comparison
from riskgate.contracts.instruments import Currency, InstrumentRef
from riskgate.contracts.intents import (
    Condition,
    EntryRule,
    Offset,
    Provenance,
    Sizing,
    TimeWindow,
)
from riskgate.contracts.orders import OrderType, Product, Side
from tools.ports import Relay


class SaidValidity(StrEnum):
    """How long an order was asked to stand; only DAY and IOC can be sent today."""

    DAY = "DAY"
    IOC = "IOC"
    GTT = "GTT"
    GTC = "GTC"


class HeldPosition(Contract):
    """What the account holds of one instrument; negative is short."""

    instrument: InstrumentRef
    quantity: Number
    product: Product | None = None
    average: Number | None = None
    last: Number | None = None


class OpenOrder(Contract):
    """A resting order a message may speak of."""

    order_id: str
    instrument: InstrumentRef
    side: Side
    quantity: Number | None = None
    price: Number | None = None
    waits_for_trigger: bool = False


class Changes(Contract):
    """What a message wants changed of a resting order; unsaid fields are None."""

    quantity: Number | None = None
    limit_price: Number | None = None
    trigger_price: Number | None = None
    order_type: OrderType | None = None
    product: Product | None = None
    validity: SaidValidity | None = None

    @property
    def is_empty(self) -> bool:
        return all(getattr(self, name) is None for name in type(self).model_fields)


class Watch(Contract):
    """What a message wants watched: how often and until when, and what to do when it happens."""

    condition: Condition | None = None
    every_s: Annotated[int, Field(ge=1)] | None = None
    window: TimeWindow | None = None
    proposes_trade: bool = False


class TradeDraft(Contract):
    """A trade as far as it was said; unsaid fields are None or empty, never guessed.

    `condition` is what must hold before it is sent; `entry_rules` is the same where it is a price
    that can be compared when the order is sent.
    """

    side: Side | None = None
    symbols: tuple[InstrumentRef, ...] = ()
    sizing: Sizing | None = None
    product: Product | None = None
    order_type: OrderType | None = None
    limit_price: Number | None = None
    trigger_price: Number | None = None
    stop_loss: Offset | None = None
    target: Offset | None = None
    trailing_stop: Offset | None = None
    validity: SaidValidity | None = None
    ttl_minutes: Annotated[int, Field(ge=1, le=10_080)] | None = None
    time_window: TimeWindow | None = None
    entry_rules: tuple[EntryRule, ...] = ()
    condition: Condition | None = None
    max_slippage_pct: Percent | None = None
    provenance: dict[str, Provenance] = Field(default_factory=dict)


class Draft(Contract):
    """An unsent request kept between two turns: the trade, what it lacks, what was asked.

    One that lacks nothing waits for its approval: it can be changed, never approved, by words.
    `card_id` is the card that shows it and that a change takes the place of. `cancels` are orders
    that are cancelled at a yes, instead of a trade. `proposed_by` is the program whose words are in
    it.
    """

    trade: TradeDraft
    missing: tuple[str, ...]
    ambiguous: tuple[InstrumentRef, ...] = ()
    message: str
    card_id: str | None = None
    cancels: tuple[str, ...] = ()
    proposed_by: Relay | None = None


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
    # The orders that the last answer told of: "cancel it" means these.
    told_orders: tuple[str, ...] = ()
    # The person's files that this message or, without any, the last one to name some was about.
    files: tuple[str, ...] = ()
    files_named_now: bool = False


# What is missing of a trade whose words were said before: that it is wanted a second time.
REPEAT: Final = "repeat"
# What is missing of a trade said in haste: that it is wanted all the same.
COOLING: Final = "cooling_off"
# What is missing of a cancel that takes stops off: that it is wanted all the same.
UNGUARDED: Final = "unguarded"
# What only a plain yes can add.
CONFIRMABLE: Final = frozenset({REPEAT, COOLING, UNGUARDED})


class MessageKind(StrEnum):
    TRADE = "trade"
    QUERY = "query"
    CANCEL = "cancel"
    MODIFY = "modify"
    MONITOR = "monitor"
    RESEARCH = "research"
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
    TRADES = "trades"
    HISTORY = "history"
    RISK = "risk"
    PLAN = "plan"
    DECISION = "decision"
    ALERTS = "alerts"
    JOBS = "jobs"
    INSTRUMENT = "instrument"
    PLAYBOOKS = "playbooks"
    FILE = "file"
    HELP = "help"


class QueryDetail(StrEnum):
    """What a question wants of its topic, where that is more than the topic alone.

    BRIEF is the whole desk at a glance; LOG is past decisions as a list; WHY_NOT asks what refused
    a trade, WHY what led to one, WHAT_IF whether another one would pass. HALT asks to stop trading,
    STOPS for what protects positions; WINNERS, LOSERS, LARGEST and SMALLEST are parts of what is
    held, UP_TODAY and DOWN_TODAY by the day's move.
    """

    BRIEF = "brief"
    LOG = "log"
    WHY_NOT = "why_not"
    WHY = "why"
    WHAT_IF = "what_if"
    HALT = "halt"
    STOPS = "stops"
    WINNERS = "winners"
    LOSERS = "losers"
    LARGEST = "largest"
    SMALLEST = "smallest"
    UP_TODAY = "up_today"
    DOWN_TODAY = "down_today"


class FileWish(StrEnum):
    """What is wanted of a file."""

    SHOW = "show"
    COLUMNS = "columns"
    COUNT = "count"
    TOTAL = "total"
    AVERAGE = "average"
    LOWEST = "lowest"
    HIGHEST = "highest"
    ROWS = "rows"
    COMPARE = "compare"


class FileQuestion(Contract):
    """A question about a file, in the person's own words, which are looked for in it afterwards.

    `column` is what a figure is of; `where`, `comparison` and `value` say which rows are meant;
    `against` is what a file is compared with.
    """

    wish: FileWish
    column: str | None = None
    sheet: str | None = None
    where: str | None = None
    comparison: Comparison | None = None
    value: str | None = None
    against: QueryTopic | None = None


class ResearchTopic(StrEnum):
    BACKTEST = "backtest"
    SWEEP = "sweep"
    TRAIN = "train"
    MODEL = "model"
    PUBLISH = "publish"
    PACK = "pack"
    DATASET = "dataset"


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
    `offers` are answers to what is missing, in words that can be said back.
    `stops_only` says that of the orders meant only those with a trigger are.
    `amends_draft` says that the trade is the draft in the context with what was said of it.
    `drops_draft` says that the person took back the unfinished request in the context.
    `cooling_off` holds words of haste or revenge in a trade, which is asked about once.
    `reason` says why a message is refused. `file` is what is asked of a file.
    """

    kind: MessageKind
    trades: tuple[TradeDraft, ...] = ()
    missing: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    ambiguous: tuple[InstrumentRef, ...] = ()
    problems: tuple[Problem, ...] = ()
    topic: QueryTopic | None = None
    detail: QueryDetail | None = None
    research: ResearchTopic | None = None
    symbols: tuple[InstrumentRef, ...] = ()
    order_ids: tuple[str, ...] = ()
    side: Side | None = None
    cancel_all: bool = False
    stops_only: bool = False
    alerts: bool = False
    changes: Changes | None = None
    watch: Watch | None = None
    drops_draft: bool = False
    amends_draft: bool = False
    cooling_off: str | None = None
    reason: str | None = None
    file: FileQuestion | None = None


class IntentParser(Protocol):
    """Reads a message; unsure is a question, never a trade."""

    @property
    def name(self) -> str: ...

    def parse(self, message: str, context: ParseContext) -> ParsedMessage: ...
