"""Records of what happened: traces, reconciliation deltas and idempotency records."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from riskgate.contracts.base import (
    Code,
    Contract,
    Identifier,
    Number,
    Sha256,
    ShortText,
    UtcTime,
    none_of,
)
from riskgate.contracts.decisions import RiskDecision
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.models import ModelCall
from riskgate.contracts.orders import OrderState, OrderTerms, Product


class DeltaKind(StrEnum):
    POSITION_QTY_MISMATCH = "POSITION_QTY_MISMATCH"
    POSITION_MISSING_AT_BROKER = "POSITION_MISSING_AT_BROKER"
    POSITION_EXTRA_AT_BROKER = "POSITION_EXTRA_AT_BROKER"
    ORDER_MISSING_AT_BROKER = "ORDER_MISSING_AT_BROKER"
    ORDER_EXTRA_AT_BROKER = "ORDER_EXTRA_AT_BROKER"
    ORDER_STATE_MISMATCH = "ORDER_STATE_MISMATCH"
    ORDER_DUPLICATE_TAG = "ORDER_DUPLICATE_TAG"
    ORDER_OUTCOME_UNKNOWN = "ORDER_OUTCOME_UNKNOWN"
    ORDER_UNEXPECTED_AT_BROKER = "ORDER_UNEXPECTED_AT_BROKER"
    ORDER_ENDED_UNSEEN = "ORDER_ENDED_UNSEEN"
    ORDER_RULED_UNSEEN = "ORDER_RULED_UNSEEN"
    FILL_NOT_BOOKED = "FILL_NOT_BOOKED"
    FILL_MISSING_AT_BROKER = "FILL_MISSING_AT_BROKER"
    MARGINS_IMPLAUSIBLE = "MARGINS_IMPLAUSIBLE"
    PLAN_INCOMPLETE = "PLAN_INCOMPLETE"
    STOP_CANCELLED = "STOP_CANCELLED"
    PROTECTION_REFUSED = "PROTECTION_REFUSED"
    PROTECTION_DENIED = "PROTECTION_DENIED"
    PROTECTION_STOPPED = "PROTECTION_STOPPED"


class DeltaSeverity(StrEnum):
    HIGH = "H"
    MEDIUM = "M"
    LOW = "L"


class DeltaCause(StrEnum):
    """Why ledger and broker differ; the list is closed, and what nothing proves is UNKNOWN."""

    MANUAL_TRADE = "MANUAL_TRADE"
    MISSED_FILL = "MISSED_FILL"
    SQUARE_OFF = "SQUARE_OFF"
    CORPORATE_ACTION = "CORPORATE_ACTION"
    DUPLICATE = "DUPLICATE"
    BROKER_LAG = "BROKER_LAG"
    UNKNOWN = "UNKNOWN"


class CauseProof(Contract):
    """The evidence that decided a cause: in words, and what it rests on at the broker."""

    evidence: ShortText
    trade_ids: tuple[Identifier, ...] = ()
    broker_order_ids: tuple[Identifier, ...] = ()


class ReconciliationDelta(Contract):
    """One difference between what we expected and the broker's truth.

    `key` names the difference itself, so that finding it twice is one exception. `cause` and
    `proof` are None where nobody looked for one.
    """

    kind: DeltaKind
    severity: DeltaSeverity
    key: str
    message: ShortText
    instrument: InstrumentRef | None = None
    product: Product | None = None
    expected: Number | None = None
    actual: Number | None = None
    broker_order_id: Identifier | None = None
    order_id: Identifier | None = None
    trade_id: Identifier | None = None
    plan_id: Identifier | None = None
    cause: DeltaCause | None = None
    proof: CauseProof | None = None


class ReconciliationResult(Contract):
    """One comparison of ledger and broker. MATCHED means no difference at all."""

    reconciliation_id: Identifier
    account_id: Identifier
    as_of: UtcTime
    broker_snapshot_id: Identifier
    ledger_snapshot_id: Identifier
    deltas: tuple[ReconciliationDelta, ...]

    @property
    def matched(self) -> bool:
        return not self.deltas


class IdempotencyStatus(StrEnum):
    IN_FLIGHT = "IN_FLIGHT"
    DONE = "DONE"


class IdempotencyRecord(Contract):
    """A client's key, what it was used for, and the stored answer once there is one."""

    tenant_id: Identifier
    scope: str
    key: str
    payload_hash: Sha256
    status: IdempotencyStatus
    first_seen_at: UtcTime
    response_status: int | None = None
    response_body: str | None = None


class ToolCall(Contract):
    """One tool the conversation called, with its arguments and the size of its answer."""

    tool: str
    arguments: dict[str, JsonValue]
    outcome: str
    summary: ShortText
    duration_us: Annotated[int, Field(ge=0)]


class SubmittedOrder(OrderTerms):
    """An order of the plan and what became of it, as far as this turn saw."""

    order_id: Identifier
    tag: str
    broker_order_id: Identifier | None
    state: OrderState
    filled_quantity: Number
    average_price: Number | None = None
    reason: ShortText | None = None


class TurnOutcome(StrEnum):
    """How a turn ended."""

    ANSWERED = "ANSWERED"
    NEEDS_INPUT = "NEEDS_INPUT"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    DENIED = "DENIED"
    REJECTED_BY_USER = "REJECTED_BY_USER"
    EXECUTED = "EXECUTED"
    PARTIALLY_EXECUTED = "PARTIALLY_EXECUTED"
    NOT_EXECUTED = "NOT_EXECUTED"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class InputsUsed(Contract):
    """What the turn looked at, by id, with the times that decide staleness; files by content."""

    broker_snapshot_id: Identifier | None = None
    ledger_snapshot_id: Identifier | None = None
    policy_hash: Sha256 | None = None
    quotes: dict[str, UtcTime] = Field(default_factory=dict)
    context: dict[str, JsonValue] = Field(default_factory=dict)
    files: Annotated[tuple[Sha256, ...], Field(exclude_if=none_of)] = ()


class ReplayStep(Contract):
    """One deterministic step of a turn: its name, the exact inputs and the exact output."""

    step: str
    inputs: dict[str, JsonValue]
    output: dict[str, JsonValue]


class DecisionTrace(Contract):
    """The audit record of one turn. Source: AI Trading Manager architecture, section 4.5."""

    schema_id: str = "decision_trace/1"
    decision_id: Identifier
    version: Annotated[int, Field(ge=1)]
    tenant_id: Identifier
    user_id: Identifier
    account_id: Identifier
    thread_id: Identifier
    run_id: Identifier
    started_at: UtcTime
    ended_at: UtcTime
    user_message: str
    inputs_used: InputsUsed
    tools_called: tuple[ToolCall, ...]
    models_called: tuple[ModelCall, ...] = ()
    plan_id: Identifier | None = None
    plan_hash: Sha256 | None = None
    riskgate_result: RiskDecision | None = None
    approved_by: Identifier | None = None
    orders_submitted: tuple[SubmittedOrder, ...] = ()
    reconciliation_result: ReconciliationResult | None = None
    final_outcome: TurnOutcome
    error_code: Code | None = None
    explanations: tuple[str, ...]
    replay: tuple[ReplayStep, ...] = ()
