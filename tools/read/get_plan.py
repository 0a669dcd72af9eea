"""Look at one plan: what would be sent, and the words that each value came from."""

from typing import Annotated

from pydantic import Field

from riskgate.contracts.base import Contract, Identifier, Money, Price, Quantity, Sha256, UtcTime
from riskgate.contracts.instruments import Currency, InstrumentRef
from riskgate.contracts.intents import Provenance, ProvenanceSource
from riskgate.contracts.orders import ExecutionMode, OrderType, Product, Side, Validity
from riskgate.contracts.plans import PlanLeg, TradePlan
from tools.offers import Desk, Offer, Toolset
from tools.ports import Caller, RecordReader, ToolRefusal
from tools.registry import Tool, Toolbox
from tools.scopes import Scope
from tools.words import Origin, Words, words

TOOL = Tool(
    name="get_plan",
    title="Get plan",
    description=(
        "One plan as it was made and cannot change: its legs with sizes and prices, until when it"
        " may be sent, and the words that each value came from."
    ),
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)
MISSING = ToolRefusal(
    code="NOT_FOUND",
    message="there is no such plan, or not for you",
    remedy="Take a plan_id that a decision or a proposal gives.",
)
ORIGINS = {
    ProvenanceSource.USER_SPAN: Origin.PERSON,
    ProvenanceSource.UI: Origin.PERSON,
    ProvenanceSource.CLIENT_SPAN: Origin.MCP_CLIENT,
}


class PlanAsked(Contract):
    """Which plan."""

    plan_id: Annotated[Identifier, Field(description="An id that a decision or a proposal gives.")]


class LegRow(Contract):
    """One instrument of a plan; `reference_price` is what size and notional were worked out at."""

    instrument: InstrumentRef
    side: Side
    quantity: Quantity
    limit_price: Price | None
    trigger_price: Price | None
    reference_price: Price
    notional: Money
    stop_price: Price | None
    target_price: Price | None


class SourceRow(Contract):
    """Where one value came from."""

    field: str
    source: ProvenanceSource
    words: Words


class PlanAnswer(Contract):
    """One plan; its hash is what an approval is bound to."""

    plan_id: Identifier
    plan_hash: Sha256
    account_id: Identifier
    mode: ExecutionMode
    currency: Currency
    created_at: UtcTime
    send_from: UtcTime
    send_until: UtcTime
    order_type: OrderType
    product: Product
    validity: Validity
    notional: Money
    legs: tuple[LegRow, ...]
    sources: tuple[SourceRow, ...]
    notes: tuple[Words, ...]


async def get_plan(
    toolbox: Toolbox, reader: RecordReader, caller: Caller, plan_id: str
) -> TradePlan | None:
    """Return one plan that the caller may see, or None."""
    return await toolbox.call(
        TOOL,
        {"plan_id": plan_id},
        lambda: reader.plan(caller, plan_id),
        lambda plan: "none" if plan is None else plan.plan_id,
    )


async def serve(desk: Desk, caller: Caller, asked: PlanAsked) -> PlanAnswer | ToolRefusal:
    """Answer with one plan."""
    plan = await get_plan(desk.toolbox, desk.records, caller, asked.plan_id)
    return MISSING if plan is None else shown(plan)


def shown(plan: TradePlan) -> PlanAnswer:
    """Show a plan."""
    skeleton, window = plan.order_skeleton, plan.validity_window
    return PlanAnswer(
        plan_id=plan.plan_id,
        plan_hash=plan.plan_hash,
        account_id=plan.account_id,
        mode=plan.mode,
        currency=plan.currency,
        created_at=plan.created_at,
        send_from=window.start,
        send_until=window.end,
        order_type=skeleton.order_type,
        product=skeleton.product,
        validity=skeleton.validity,
        notional=plan.notional,
        legs=tuple(map(_leg, plan.legs)),
        sources=tuple(_source(name, said) for name, said in sorted(plan.intent.provenance.items())),
        notes=tuple(words(Origin.SIGMATRADER, note) for note in plan.notes),
    )


def _leg(leg: PlanLeg) -> LegRow:
    return LegRow(
        instrument=leg.instrument.ref,
        side=leg.side,
        quantity=leg.quantity,
        limit_price=leg.limit_price,
        trigger_price=leg.trigger_price,
        reference_price=leg.reference_price,
        notional=leg.notional,
        stop_price=leg.risk_model.stop_price,
        target_price=leg.risk_model.target_price,
    )


def _source(name: str, source: Provenance) -> SourceRow:
    origin = ORIGINS.get(source.source, Origin.SIGMATRADER)
    return SourceRow(field=name, source=source.source, words=words(origin, source.text))


OFFER = Offer(tool=TOOL, toolset=Toolset.PROPOSALS, asked=PlanAsked, answer=PlanAnswer, serve=serve)
