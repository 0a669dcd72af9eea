"""Cards: the typed things a person sees and decides on."""

from enum import StrEnum

from pydantic import Field, JsonValue

from riskgate.contracts.base import Contract, Identifier, Sha256, UtcTime
from riskgate.contracts.intents import Provenance


class CardKind(StrEnum):
    TRADE_PLAN = "trade_plan"
    QUESTION = "question"
    INSIGHT = "insight"
    VETO = "veto"
    EXCEPTION = "exception"
    RESULT = "result"
    CONNECT = "connect"


class CardStatus(StrEnum):
    """PENDING waits for a person; every other status is final. INFO never waits."""

    INFO = "INFO"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    VOID = "VOID"
    ANSWERED = "ANSWERED"


class Card(Contract):
    """One card; `fields` are typed facts from the plan, never prose from a model.

    `provenance` shows the words each deciding field came from.
    """

    id: Identifier
    kind: CardKind
    status: CardStatus
    title: str
    run_id: Identifier
    thread_id: Identifier
    account_id: Identifier
    created_at: UtcTime
    expires_at: UtcTime | None = None
    plan_id: Identifier | None = None
    plan_hash: Sha256 | None = None
    decision_id: Identifier | None = None
    fields: dict[str, JsonValue]
    provenance: dict[str, Provenance] = Field(default_factory=dict)
