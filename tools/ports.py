"""What the tools ask of the deterministic system, which implements these."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol

from pydantic import Field, JsonValue

from riskgate.contracts.base import (
    Code,
    Contract,
    Identifier,
    NonNegative,
    Sha256,
    ShortText,
    UtcTime,
)
from riskgate.contracts.cards import Card, CardKind, CardStatus
from riskgate.contracts.decisions import KillSwitchLevel, RiskDecision
from riskgate.contracts.exposures import ExposureChange
from riskgate.contracts.files import FileFacts, FoundRows, NetQuantities, RowWish
from riskgate.contracts.insights import FillFact, Gains, MarketContext, MarketHours, StopFact
from riskgate.contracts.instruments import Currency, Instrument, InstrumentRef, Resolution
from riskgate.contracts.intents import Provenance, TradeIntent
from riskgate.contracts.orders import ExecutionMode
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Quote
from riskgate.contracts.standing import Standing
from riskgate.contracts.traces import (
    DecisionTrace,
    ReconciliationResult,
    ReplayStep,
    SubmittedOrder,
    TurnOutcome,
)


class MarketUnavailable(Exception):
    """The source of prices does not answer, so that nothing can be said of them now."""


class Relay(Contract):
    """The program that passed on words in the name of a user.

    Nobody vouches for what it calls itself. Its turns can plan and nothing more, and what they
    plan always waits for a person.
    """

    channel: str
    client: ShortText
    user: ShortText


class Caller(Contract):
    """On whose behalf a tool runs, for which account, in which turn.

    Without a `relay` the words are the person's own.
    """

    tenant_id: Identifier
    user_id: Identifier
    roles: frozenset[str]
    account_id: Identifier
    thread_id: Identifier
    run_id: Identifier
    decision_id: Identifier
    relay: Relay | None = None


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
    """The gate's stored decision on a plan; `trip` says that it made the kill switch stricter.

    `exposure` is what the plan changes of what is at risk.
    """

    decision: RiskDecision
    step: ReplayStep
    trip: ShortText | None = None
    exposure: ExposureChange | None = None


class Weighed(Contract):
    """What the gate would say now of a trade that is only asked about.

    The plan is stored nowhere, so no card and no order can come of it. `largest` is the most that
    would pass, zero where nothing would and None where no quantity is refused.
    """

    plan: TradePlan
    quotes: tuple[Quote, ...]
    decision: RiskDecision
    exposure: ExposureChange
    largest: NonNegative | None


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


class StoredAccount(Contract):
    """An account as it is kept, without what the broker says of it."""

    account_id: Identifier
    broker: str
    mode: str
    currency: Currency
    is_default: bool


class StoredOrder(SubmittedOrder):
    """One of our orders with what it belongs to and when it changed last."""

    account_id: Identifier
    plan_id: Identifier
    created_at: UtcTime
    updated_at: UtcTime


class StoredException(Contract):
    """A difference that a person should look at."""

    exception_id: Identifier
    account_id: Identifier
    kind: str
    severity: str
    status: str
    message: str
    opened_at: UtcTime
    last_seen_at: UtcTime


class StoredCard(Contract):
    """A card as it stands now, and what was decided on it."""

    card: Card
    status: CardStatus
    user_id: Identifier
    decided_by: Identifier | None


class StoredPolicy(Contract):
    """A policy's limits as plain data, and the accounts that it is in force for."""

    policy_hash: Sha256
    created_at: UtcTime
    in_force: tuple[Identifier, ...]
    body: dict[str, JsonValue]


class KillSwitch(Contract):
    """How far an account may trade now, and why; `by_person` says that somebody set it so."""

    account_id: Identifier
    level: KillSwitchLevel
    reason: str | None
    by_person: bool
    set_at: UtcTime | None


class Proposed(Contract):
    """What a person's or a client's words came to; a card waits for a person, if there is one."""

    outcome: TurnOutcome
    error_code: Code | None
    decision_id: Identifier
    message: str
    cards: tuple[StoredCard, ...]


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
    """Reads accounts and orders."""

    async def view(self, caller: Caller) -> AccountView:
        """Return the account now, from the ledger alone when the broker is down."""
        ...

    async def login(self, caller: Caller, *, probe: bool) -> BrokerLogin | None:
        """Return how the account's login stands; None at a broker that nobody logs in to.

        `probe` asks the broker, else what is known is told.
        """
        ...

    async def orders(self, caller: Caller, *, limit: int) -> Sequence[SubmittedOrder]:
        """Return our newest orders."""
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

    async def weigh(
        self, caller: Caller, intent: TradeIntent, view: AccountView
    ) -> Weighed | ToolRefusal:
        """Say what the gate would tell a trade now; nothing is stored and nothing can be sent."""
        ...

    async def request_approval(
        self,
        caller: Caller,
        composed: ComposedPlan,
        judged: Judged,
        *,
        title: str,
        proposed_by: Relay | None,
    ) -> Card:
        """Store a pending card, sealed to the plan, for a person to decide."""
        ...


class RecordReader(Protocol):
    """Reads what is stored and the caller may see: their own, or the tenant's who oversee it.

    Lists are newest first and give up to `limit` rows from `offset`.
    """

    async def accounts(self, caller: Caller) -> Sequence[StoredAccount]:
        """Return the accounts, the default first."""
        ...

    async def kill_switch(self, caller: Caller) -> KillSwitch:
        """Return the kill switch of the caller's account."""
        ...

    async def orders(self, caller: Caller, *, limit: int, offset: int) -> Sequence[StoredOrder]:
        """Return the account's orders."""
        ...

    async def exceptions(
        self, caller: Caller, *, limit: int, offset: int
    ) -> Sequence[StoredException]:
        """Return the account's exceptions that are not resolved."""
        ...

    async def decisions(
        self, caller: Caller, *, limit: int, offset: int
    ) -> Sequence[DecisionTrace]:
        """Return turns."""
        ...

    async def decision(self, caller: Caller, decision_id: str) -> DecisionTrace | None:
        """Return one turn."""
        ...

    async def plan(self, caller: Caller, plan_id: str) -> TradePlan | None:
        """Return one plan."""
        ...

    async def policy(self, caller: Caller, policy_hash: str | None) -> StoredPolicy | None:
        """Return a policy by its hash, without one the policy of the caller's account."""
        ...

    async def cards(self, caller: Caller, *, limit: int, offset: int) -> Sequence[StoredCard]:
        """Return cards of trade plans."""
        ...

    async def card(self, caller: Caller, card_id: str) -> StoredCard | None:
        """Return one card."""
        ...


class InsightReader(Protocol):
    """Reads what answers to questions are made of; nothing of it decides anything.

    A `view` is of the same turn, so that the broker is asked once. Each is read only when it is
    asked for.
    """

    async def standing(self, caller: Caller, view: AccountView) -> Standing | None:
        """Return what is used and left of each limit; None where the broker tells no equity."""
        ...

    async def gains(self, caller: Caller, view: AccountView) -> Gains:
        """Return what the account's day came to so far, by our own fills and stored snapshots."""
        ...

    async def fills(self, caller: Caller) -> Sequence[FillFact]:
        """Return the fills since the account's day began, newest first."""
        ...

    async def stops(self, caller: Caller) -> Sequence[StopFact]:
        """Return the stops and targets that are kept now."""
        ...

    async def market_context(self, instrument: InstrumentRef) -> MarketContext:
        """Return trend and volatility from closed daily bars; notes say where there are none."""
        ...

    async def hours(self, caller: Caller) -> MarketHours:
        """Return the day of the account's own exchange."""
        ...


class FileReader(Protocol):
    """Reads the caller's own files. What is in them is quoted data and decides nothing."""

    async def file(self, caller: Caller, file_id: str) -> FileFacts | None:
        """Return what is known of a file."""
        ...

    async def found(
        self, caller: Caller, file_id: str, sheet: int, wish: RowWish, *, limit: int
    ) -> FoundRows | None:
        """Return which rows of a sheet (from 0) are wanted, None where the file is gone."""
        ...

    async def nets(
        self,
        caller: Caller,
        file_id: str,
        sheet: int,
        *,
        symbol: int,
        quantity: int,
        side: int | None,
    ) -> NetQuantities | None:
        """Return the quantities of a sheet by symbol, sales taken away where a side is written;
        None where the file is gone."""
        ...


class TradeProposer(Protocol):
    """Asks for a trade in words, for a client that can never approve it."""

    async def propose(self, caller: Caller, words: str, *, request_id: str | None) -> Proposed:
        """Plan and judge what the words ask; the same request id proposes once."""
        ...

    def card_url(self, card_id: str) -> str:
        """Return the address of the page where a person decides on a card."""
        ...


class OrderCanceller(Protocol):
    """Cancels open orders; cancelling is always permitted."""

    async def cancel(self, caller: Caller, order_id: str) -> SubmittedOrder | ToolRefusal:
        """Cancel what is open of one order, or say why it cannot be."""
        ...


class CardWithdrawer(Protocol):
    """Takes back the caller's own waiting card."""

    async def withdraw(self, caller: Caller, card_id: str, *, because: str) -> ToolRefusal | None:
        """Reject the card for good; a card that was decided already is refused."""
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
