"""Make the plan of one protective order or one panic exit: pure, and its id says what it is of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.execution.derive import PAIR_MARK
from riskgate.contracts.instruments import Currency, Instrument, slice_quantity
from riskgate.contracts.intents import (
    Provenance,
    ProvenanceSource,
    Sizing,
    SizingMethod,
    TradeIntent,
)
from riskgate.contracts.orders import ExecutionMode, OrderType, Product, Side, Validity
from riskgate.contracts.plans import (
    OrderSkeleton,
    PlanLeg,
    RiskModel,
    TradePlan,
    ValidityWindow,
)
from riskgate.contracts.snapshots import Quote
from riskgate.hashing import content_hash

# A plan that was not sent within this is not sent any more; the next look makes another.
WINDOW: Final = timedelta(seconds=30)
ID_DIGITS: Final = 24


@dataclass(frozen=True, kw_only=True)
class ExitTerms:
    """The order that leaves a position, or part of it; with a `target_price`, a pair of two."""

    instrument: Instrument
    side: Side
    product: Product
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None
    trigger_price: Decimal | None
    quote: Quote
    note: str
    target_price: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class PlanFrame:
    """What a plan needs besides its order."""

    plan_id: str
    tenant_id: str
    account_id: str
    mode: ExecutionMode
    currency: Currency
    snapshot_id: str
    now: datetime


def protection_id(entry_id: str, kind: str, generation: int) -> str:
    """Return the id of an entry's protective plan; the same three never give two plans."""
    return f"prt_{content_hash([entry_id, kind, generation])[:ID_DIGITS]}"


def panic_plan_id(panic_id: str, instrument: Instrument, product: Product, attempt: int) -> str:
    """Return the id of a panic's exit; the same four never give two plans."""
    parts = content_hash([panic_id, str(instrument.ref), product.value, attempt])
    return f"pnc_{parts[:ID_DIGITS]}"


def exit_plan(frame: PlanFrame, terms: ExitTerms, intent: TradeIntent) -> TradePlan:
    """Return the plan with one leg that may only close what is held.

    `intent` is what a person asked for: the entry, or the panic. Raises ValueError where the
    exchange's freeze limit is below one lot.
    """
    instrument = terms.instrument
    price = terms.limit_price or terms.trigger_price or terms.quote.last
    leg = PlanLeg(
        leg=0,
        instrument=instrument,
        side=terms.side,
        quantity=terms.quantity,
        slices=slice_quantity(
            terms.quantity,
            lot_size=instrument.lot_size,
            freeze_quantity=instrument.freeze_quantity,
        ),
        limit_price=terms.limit_price,
        trigger_price=terms.trigger_price,
        reference_price=price,
        quote_as_of=terms.quote.as_of,
        notional=terms.quantity * price * instrument.multiplier,
        sizing_note=terms.note,
        reduce_only=True,
        risk_model=RiskModel(target_price=terms.target_price),
    )
    return TradePlan(
        plan_id=frame.plan_id,
        tenant_id=frame.tenant_id,
        account_id=frame.account_id,
        mode=frame.mode,
        currency=frame.currency,
        created_at=frame.now,
        intent=intent,
        entry_rules=(),
        sizing_method=Sizing(method=SizingMethod.QUANTITY, value=terms.quantity),
        risk_model=leg.risk_model,
        order_skeleton=OrderSkeleton(
            order_type=terms.order_type, product=terms.product, validity=Validity.DAY
        ),
        legs=(leg,),
        validity_window=ValidityWindow(start=frame.now, end=frame.now + WINDOW),
        broker_snapshot_id=frame.snapshot_id,
        notes=(terms.note,) if terms.target_price is None else (terms.note, PAIR_MARK),
    )


def panic_intent(terms: ExitTerms, account_id: str, reason: str) -> TradeIntent:
    """Return what the person who panicked asked for, in the words they gave as the reason."""
    said = Provenance(source=ProvenanceSource.UI, text=f"panic close: {reason}"[:500])
    return TradeIntent(
        side=terms.side,
        symbols=(terms.instrument.ref,),
        sizing=Sizing(method=SizingMethod.QUANTITY, value=terms.quantity),
        product=terms.product,
        order_type=terms.order_type,
        limit_price=terms.limit_price,
        account_id=account_id,
        provenance=dict.fromkeys(
            ("side", "symbols", "sizing", "product", "order_type", "limit_price", "account_id"),
            said,
        ),
    )
