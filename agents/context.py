"""What a turn's nodes work with; handed in by the application, never stored in a checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from agents.insights.writer import Writer
from agents.intent.model import ParseContext
from agents.reading.model_port import TurnModel
from agents.reading.reader import MessageReader
from riskgate.contracts.cards import Card
from riskgate.contracts.intents import ProvenanceSource
from riskgate.contracts.orders import OrderType, Product
from riskgate.contracts.traces import ReplayStep
from tools.ports import (
    AccountReader,
    AccountView,
    Caller,
    CardDesk,
    CardWithdrawer,
    ComposedPlan,
    FileReader,
    InsightReader,
    InstrumentDirectory,
    Judged,
    OrderCanceller,
    PlanProposer,
    PlanSubmitter,
    QuoteReader,
    RecordReader,
)
from tools.registry import Toolbox


class TurnEvents(Protocol):
    """Where a turn tells those who watch what it is doing; none of these waits."""

    def step_started(self, name: str) -> None: ...

    def step_finished(self, name: str) -> None: ...

    def card(self, card: Card) -> None: ...

    def said(self, text: str) -> None: ...

    def tool_called(self, name: str, arguments: Mapping[str, JsonValue], summary: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """The account's own answers where a person may leave something unsaid.

    `cooling_off` says whether words of haste or revenge are asked about before a plan.
    """

    order_type: OrderType
    equity_product: Product
    derivative_product: Product
    cooling_off: bool = True


@dataclass
class Workspace:
    """Values that pass between the nodes of one turn and are too large for its checkpoint."""

    view: AccountView | None = None
    composed: ComposedPlan | None = None
    judged: Judged | None = None
    steps: list[ReplayStep] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class TurnContext:
    """The ports, the caller and the clock reading of one turn.

    `account_source` says whether the person chose the account or it is their default. Without a
    `writer` answers are said in our own sentences. `page` is what the person looks at; it may say
    what a question is about and decides nothing else.
    """

    caller: Caller
    account_source: ProvenanceSource
    now: datetime
    reader: MessageReader
    model: TurnModel
    parse_context: ParseContext
    directory: InstrumentDirectory
    accounts: AccountReader
    quotes: QuoteReader
    proposer: PlanProposer
    submitter: PlanSubmitter
    canceller: OrderCanceller
    cards: CardDesk
    withdrawer: CardWithdrawer
    records: RecordReader
    insights: InsightReader
    files: FileReader
    toolbox: Toolbox
    events: TurnEvents
    defaults: Defaults
    writer: Writer | None = None
    page: str | None = None
    workspace: Workspace = field(default_factory=Workspace)
