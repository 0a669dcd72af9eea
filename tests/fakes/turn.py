"""The ports of one turn, answering what a test gives them and remembering what they were asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from pydantic import JsonValue

from agents.context import Defaults, TurnContext, Workspace
from agents.intent.model import ParseContext, ParsedMessage
from agents.reading.model_port import NoModel, Shows, TurnModel
from agents.reading.reader import Understood
from riskgate.contracts.cards import Card, CardKind, CardStatus
from riskgate.contracts.instruments import Currency, Instrument, InstrumentRef, Resolution
from riskgate.contracts.intents import ProvenanceSource, TradeIntent
from riskgate.contracts.orders import ExecutionMode, OrderType, Product
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Quote
from riskgate.contracts.traces import ReconciliationResult, SubmittedOrder
from tests.builders import TENANT, a_card
from tests.fakes.files import FakeFiles
from tests.fakes.insights import FakeInsights, FakeRecords
from tests.unit.riskgate.builders import ACCOUNT, NOW
from tools.ports import (
    AccountView,
    BrokerLogin,
    Caller,
    CardContent,
    ComposedPlan,
    EarlierRequest,
    ExecutionReport,
    Judged,
    Relay,
    ToolRefusal,
    Weighed,
)
from tools.registry import Toolbox
from tools.scopes import Scope

Answer = TypeVar("Answer")
CALLER = Caller(
    tenant_id=TENANT,
    user_id="usr-1",
    roles=frozenset({"trader"}),
    account_id=ACCOUNT,
    thread_id="thread-1",
    run_id="run-1",
    decision_id="dec-1",
)


def a_view(
    snapshot: BrokerSnapshot | None, ledger: LedgerSnapshot, warning: str | None = None
) -> AccountView:
    return AccountView(
        account_id=ACCOUNT,
        currency=Currency.INR,
        mode="PROPOSE",
        execution_mode=ExecutionMode.PAPER,
        snapshot=snapshot,
        ledger=ledger,
        warning=warning,
    )


class RecordedEvents:
    """Implements agents.context.TurnEvents."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []
        self.cards: list[Card] = []

    def step_started(self, name: str) -> None:
        self.told.append(("started", name))

    def step_finished(self, name: str) -> None:
        self.told.append(("finished", name))

    def card(self, card: Card) -> None:
        self.cards.append(card)

    def said(self, text: str) -> None:
        self.told.append(("said", text))

    def tool_called(self, name: str, arguments: Mapping[str, JsonValue], summary: str) -> None:
        self.told.append(("tool", name, summary))


@dataclass
class FakeSystem:
    """Implements every port of tools.ports; `asked` names the calls that reached it."""

    account: AccountView | None = None
    signed_in: BrokerLogin | None = None
    prices: tuple[Quote, ...] = ()
    newest: tuple[SubmittedOrder, ...] = ()
    composed: ComposedPlan | ToolRefusal | None = None
    judged: Judged | None = None
    weighed: Weighed | ToolRefusal | None = None
    weighed_of: list[TradeIntent] = field(default_factory=list)
    report: ExecutionReport = field(default_factory=ExecutionReport)
    reconciled: ReconciliationResult | ToolRefusal | None = None
    cancelled: SubmittedOrder | ToolRefusal | None = None
    withdrawn: ToolRefusal | None = None
    proposed_by: Relay | None = None
    rows: Mapping[InstrumentRef, Instrument] = field(default_factory=dict)
    parsed: ParsedMessage | None = None
    before: EarlierRequest | None = None
    records: FakeRecords = field(default_factory=FakeRecords)
    insights: FakeInsights = field(default_factory=FakeInsights)
    files: FakeFiles = field(default_factory=FakeFiles)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.records.asked = self.insights.asked = self.files.asked = self.asked

    async def read(
        self, message: str, context: ParseContext, model: TurnModel, looker: Shows
    ) -> Understood:
        return Understood(parsed=self._given("parse", self.parsed))

    def get(self, ref: InstrumentRef) -> Instrument | None:
        return self.rows.get(ref)

    def names(self) -> Mapping[str, tuple[InstrumentRef, ...]]:
        return {}

    def resolve(self, text: str) -> Resolution:
        return Resolution(text=text, candidates=tuple(self.rows.values()))

    async def view(self, caller: Caller) -> AccountView:
        return self._given("view", self.account)

    async def login(self, caller: Caller, *, probe: bool) -> BrokerLogin | None:
        self.asked.append("login")
        return self.signed_in

    async def orders(self, caller: Caller, *, limit: int) -> Sequence[SubmittedOrder]:
        return self._given("orders", self.newest)

    async def quotes(self, refs: Sequence[InstrumentRef]) -> Sequence[Quote]:
        return self._given("quotes", self.prices)

    async def earlier(self, caller: Caller, message: str) -> EarlierRequest | None:
        self.asked.append("earlier")
        return self.before

    async def compose(
        self, caller: Caller, intent: TradeIntent, view: AccountView
    ) -> ComposedPlan | ToolRefusal:
        self.asked.append("compose")
        assert self.composed is not None
        return self.composed

    async def judge(self, caller: Caller, composed: ComposedPlan) -> Judged:
        return self._given("judge", self.judged)

    async def weigh(
        self, caller: Caller, intent: TradeIntent, view: AccountView
    ) -> Weighed | ToolRefusal:
        self.asked.append("weigh")
        self.weighed_of.append(intent)
        assert self.weighed is not None
        return self.weighed

    async def request_approval(
        self,
        caller: Caller,
        composed: ComposedPlan,
        judged: Judged,
        *,
        title: str,
        proposed_by: Relay | None,
    ) -> Card:
        self.proposed_by = proposed_by
        return self._given("request_approval", a_card(title=title))

    async def submit(self, caller: Caller, card_id: str) -> ExecutionReport:
        return self._given(f"submit {card_id}", self.report)

    async def cancel(self, caller: Caller, order_id: str) -> SubmittedOrder | ToolRefusal:
        self.asked.append(f"cancel {order_id}")
        assert self.cancelled is not None
        return self.cancelled

    async def withdraw(self, caller: Caller, card_id: str, *, because: str) -> ToolRefusal | None:
        self.asked.append(f"withdraw {card_id}")
        return self.withdrawn

    async def reconcile(self, caller: Caller) -> ReconciliationResult | ToolRefusal:
        self.asked.append("reconcile")
        assert self.reconciled is not None
        return self.reconciled

    async def show(self, caller: Caller, content: CardContent) -> Card:
        self.asked.append(f"show {content.kind}")
        waits = content.kind is CardKind.QUESTION
        return a_card(
            kind=content.kind,
            status=CardStatus.PENDING if waits else CardStatus.INFO,
            title=content.title,
            fields=content.fields,
            plan_id=content.plan_id,
            plan_hash=None,
            provenance=content.provenance,
        )

    def _given(self, call: str, answer: Answer | None) -> Answer:
        self.asked.append(call)
        assert answer is not None, f"the test gave no answer to {call}"
        return answer


def a_toolbox(*scopes: Scope) -> Toolbox:
    """Return a toolbox whose clock moves 5 microseconds a look; all scopes unless told."""
    ticks = count(0, 5)
    return Toolbox(scopes=frozenset(scopes or Scope), microseconds=lambda: next(ticks))


def a_context(
    system: FakeSystem,
    *,
    toolbox: Toolbox | None = None,
    events: RecordedEvents | None = None,
    workspace: Workspace | None = None,
    parse_context: ParseContext | None = None,
) -> TurnContext:
    return TurnContext(
        caller=CALLER,
        account_source=ProvenanceSource.POLICY_DEFAULT,
        now=NOW,
        reader=system,
        model=NoModel(),
        parse_context=parse_context or ParseContext(now=NOW),
        directory=system,
        accounts=system,
        quotes=system,
        proposer=system,
        submitter=system,
        canceller=system,
        cards=system,
        withdrawer=system,
        records=system.records,
        insights=system.insights,
        files=system.files,
        toolbox=toolbox or a_toolbox(),
        events=events or RecordedEvents(),
        defaults=Defaults(
            order_type=OrderType.MARKET,
            equity_product=Product.CNC,
            derivative_product=Product.NRML,
        ),
        workspace=workspace or Workspace(),
    )
