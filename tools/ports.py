"""What the tools ask of the deterministic system, which implements these."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol

from pydantic import Field, JsonValue

from riskgate.contracts.base import Code, Contract, Identifier, ShortText
from riskgate.contracts.cards import Card, CardKind
from riskgate.contracts.decisions import RiskDecision
from riskgate.contracts.instruments import Currency, Instrument, InstrumentRef, Resolution
from riskgate.contracts.intents import Provenance, TradeIntent
from riskgate.contracts.orders import ExecutionMode
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Quote
from riskgate.contracts.traces import ReconciliationResult, ReplayStep, SubmittedOrder


class Caller(Contract):
    """On whose behalf a tool runs, for which account, in which turn."""

    tenant_id: Identifier
    user_id: Identifier
    roles: frozenset[str]
    account_id: Identifier
    thread_id: Identifier
    run_id: Identifier
    decision_id: Identifier


class AccountView(Contract):
    """An account as seen now. Without a snapshot the broker is down and only the ledger speaks;
    then `warning` says so and nothing may be executed."""

    account_id: Identifier
    currency: Currency
    mode: str
    execution_mode: ExecutionMode
    snapshot: BrokerSnapshot | None
    ledger: LedgerSnapshot
    warning: ShortText | None = None


class BrokerLogin(Contract):
    """How an account's login at its broker stands, in words; never a link, a session or a name."""

    state: Code
    is_active: bool
    headline: ShortText
    advice: ShortText = ""
    hindrances: tuple[ShortText, ...] = ()


class ToolRefusal(Contract):
    """Why a tool did not do what was asked: a result, not an error."""

    code: Code
    message: ShortText
    remedy: ShortText


class ComposedPlan(Contract):
    """A stored plan with the view it was made from and the step that replays it.

    `broker_mode` is what an order at the account's broker would be, whatever the plan's own mode.
    """

    plan: TradePlan
    snapshot: BrokerSnapshot
    quotes: tuple[Quote, ...]
    broker_mode: ExecutionMode
    step: ReplayStep


class Judged(Contract):
    """The gate's stored decision on a plan; `trip` says that it made the kill switch stricter."""

    decision: RiskDecision
    step: ReplayStep
    trip: ShortText | None = None


class ExecutionReport(Contract):
    """What became of an approved plan; `refusal` says why nothing was sent."""

    orders: tuple[SubmittedOrder, ...] = ()
    approved_by: Identifier | None = None
    refusal: ToolRefusal | None = None


class EarlierRequest(Contract):
    """A trade that the same words of the same person led to a moment ago."""

    seconds_ago: Annotated[int, Field(ge=0)]
    title: ShortText
    approved: bool


class CardContent(Contract):
    """What a card says."""

    kind: CardKind
    title: ShortText
    fields: dict[str, JsonValue]
    plan_id: Identifier | None = None
    provenance: dict[str, Provenance] = Field(default_factory=dict)


class InstrumentDirectory(Protocol):
    """The instrument master, by exact name or by what people call it."""

    def get(self, ref: InstrumentRef) -> Instrument | None:
        """Return the exact row, or None."""
        ...

    def names(self) -> Mapping[str, tuple[InstrumentRef, ...]]:
        """Return every casefolded name and alias with the rows it may mean."""
        ...

    def resolve(self, text: str) -> Resolution:
        """Return one instrument, the candidates, or nothing; never a guess."""
        ...


class AccountReader(Protocol):
    """Reads accounts, orders and exceptions."""

    async def view(self, caller: Caller) -> AccountView:
        """Return the account now, from the ledger alone when the broker is down."""
        ...

    async def login(self, caller: Caller) -> BrokerLogin | None:
        """Return how the account's login stands; None at a broker that nobody logs in to."""
        ...

    async def orders(self, caller: Caller, *, limit: int) -> Sequence[SubmittedOrder]:
        """Return our newest orders."""
        ...

    async def open_exceptions(self, caller: Caller) -> Sequence[Mapping[str, str]]:
        """Return what a person should look at."""
        ...


class QuoteReader(Protocol):
    """Reads prices."""

    async def quotes(self, refs: Sequence[InstrumentRef]) -> Sequence[Quote]:
        """Return a quote for each instrument that has one."""
        ...


class PlanProposer(Protocol):
    """Makes plans, has them judged, and asks a person."""

    async def earlier(self, caller: Caller, message: str) -> EarlierRequest | None:
        """Return what the same words led to a moment ago, if that waits or was approved."""
        ...

    async def compose(
        self, caller: Caller, intent: TradeIntent, view: AccountView
    ) -> ComposedPlan | ToolRefusal:
        """Make and store a plan; nothing can be sent from it."""
        ...

    async def judge(self, caller: Caller, composed: ComposedPlan) -> Judged:
        """Have the gate judge a stored plan."""
        ...

    async def request_approval(
        self, caller: Caller, composed: ComposedPlan, judged: Judged, title: str
    ) -> Card:
        """Store a pending card, sealed to the plan, for a person to decide."""
        ...


class OrderCanceller(Protocol):
    """Cancels open orders; cancelling is always permitted."""

    async def cancel(self, caller: Caller, order_id: str) -> SubmittedOrder | ToolRefusal:
        """Cancel what is open of one order, or say why it cannot be."""
        ...


class PlanSubmitter(Protocol):
    """Submits plans that a person has approved."""

    async def submit(self, caller: Caller, card_id: str) -> ExecutionReport:
        """Execute the approved card's plan once; repeating it changes nothing."""
        ...

    async def reconcile(self, caller: Caller) -> ReconciliationResult | ToolRefusal:
        """Compare the ledger with the broker; a broker that is down changes nothing."""
        ...


class CardDesk(Protocol):
    """Puts cards before a person."""

    async def show(self, caller: Caller, content: CardContent) -> Card:
        """Store a card and return it; a question waits for an answer, the rest only inform."""
        ...
