"""Plans: what will be sent if the gate and a person agree. Immutable once made."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from riskgate.contracts.base import (
    Contract,
    Identifier,
    Money,
    NonNegative,
    Number,
    Percent,
    Price,
    Quantity,
    ShortText,
    UtcTime,
)
from riskgate.contracts.instruments import Currency, Instrument, InstrumentRef
from riskgate.contracts.intents import EntryRule, Sizing, TradeIntent
from riskgate.contracts.orders import ExecutionMode, OrderType, Product, Side, Validity
from riskgate.hashing import content_hash

PLAN_SCHEMA: Final = "trade_plan/1"


class ValidityWindow(Contract):
    """When the plan's orders may be sent, both ends included."""

    start: UtcTime
    end: UtcTime


class OrderSkeleton(Contract):
    """The kind of order, the same for every leg."""

    order_type: OrderType
    product: Product
    validity: Validity


class RiskModel(Contract):
    """What is lost when the stop is hit: prices per unit and the sum over the legs."""

    stop_price: Price | None = None
    target_price: Price | None = None
    loss_at_stop: NonNegative | None = None
    loss_at_stop_pct: Percent | None = None


class PlanLeg(Contract):
    """One instrument of a plan with its worked-out size.

    `reference_price` is the price the size and notional were worked out at and `quote_as_of` its
    time. `slices` sum to `quantity`; each is at most the exchange's freeze quantity. A
    `reduce_only` leg was sized to leave a position and must never open one.
    """

    leg: Annotated[int, Field(ge=0)]
    instrument: Instrument
    side: Side
    quantity: Quantity
    slices: Annotated[tuple[Quantity, ...], Field(min_length=1)]
    limit_price: Price | None = None
    trigger_price: Price | None = None
    reference_price: Price
    quote_as_of: UtcTime
    notional: Money
    sizing_note: ShortText
    reduce_only: bool = False
    risk_model: RiskModel = RiskModel()


class IdempotencyScope(StrEnum):
    """What a repeated execution is a repeat of."""

    PLAN = "PLAN"


class TradePlan(Contract):
    """Everything needed to judge and send a trade, and nothing that can change.

    Source: the AI Trading Manager architecture, section 4.4.
    """

    schema_id: str = PLAN_SCHEMA
    plan_id: Identifier
    tenant_id: Identifier
    account_id: Identifier
    mode: ExecutionMode
    currency: Currency
    created_at: UtcTime
    intent: TradeIntent
    entry_rules: tuple[EntryRule, ...]
    sizing_method: Sizing
    risk_model: RiskModel
    order_skeleton: OrderSkeleton
    legs: Annotated[tuple[PlanLeg, ...], Field(min_length=1)]
    validity_window: ValidityWindow
    idempotency_scope: IdempotencyScope = IdempotencyScope.PLAN
    broker_snapshot_id: Identifier
    notes: tuple[ShortText, ...] = ()

    @property
    def plan_hash(self) -> str:
        """SHA-256 of the whole plan; approvals and executions are bound to it."""
        return content_hash(self)

    @property
    def notional(self) -> Decimal:
        return sum((leg.notional for leg in self.legs), Decimal(0))

    @property
    def gives_a_limit(self) -> bool:
        """Whether an order without a limit was asked for and goes out with one: the broker takes
        no other. Exits that we make of a trade of the other side are not meant."""
        asked, sent = self.intent.order_type, self.order_skeleton.order_type
        if asked is None or asked.has_limit_price or not sent.has_limit_price:
            return False
        return all(leg.side is self.intent.side for leg in self.legs)


class MonitorMetric(StrEnum):
    PRICE = "price"
    PCT_CHANGE = "pct_change"
    PNL = "pnl"


class MonitorCondition(Contract):
    metric: MonitorMetric
    comparison: str
    value: Number


class MonitorPlan(Contract):
    """A watch to be kept: symbols, condition, cadence and what to do when it holds."""

    schema_id: str = "monitor_plan/1"
    monitor_plan_id: Identifier
    tenant_id: Identifier
    account_id: Identifier
    created_at: UtcTime
    symbols: tuple[InstrumentRef, ...]
    condition: MonitorCondition
    cadence_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    window: ValidityWindow | None = None
    action: str = "notify"
