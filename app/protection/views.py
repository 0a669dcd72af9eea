"""Protection as people see it: who holds the stop and the target, and what a panic did."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from app.persistence import protections
from app.persistence.database import Session
from app.persistence.orders import OrderRecord, find_order
from app.persistence.protections import DONE, ProtectionRecord
from app.pipeline.views import submitted_order
from app.protection.desired import ON_ITS_WAY, Kind
from app.protection.drain import StateView
from app.protection.panic import PanicReport
from riskgate.contracts.base import decimal_text, time_text

AT_BROKER: Final = "resting at the broker"
ON_THE_WAY: Final = "on its way to the broker"
MISSING: Final = "not placed"
HELD_BY_US: Final = "held by SigmaTrader, works only while the server runs"
EXIT_RESTS: Final = "reached; its exit rests at the broker"
OVER: Final = "over"


async def show_protections(
    session: Session, records: Sequence[ProtectionRecord]
) -> list[dict[str, Any]]:
    """Return a row for each protected entry."""
    made = await protections.protective_plans(session, [r.entry_order_id for r in records])
    orders = await protections.orders_of_plans(session, [plan.plan_id for plan in made])
    kinds = {plan.plan_id: (plan.entry_order_id, Kind(plan.kind)) for plan in made}
    rows: list[dict[str, Any]] = []
    for record in records:
        entry = await find_order(session, record.entry_order_id)
        own = [o for o in orders if kinds[o.intent.plan_id][0] == record.entry_order_id]
        stops = [o for o in own if kinds[o.intent.plan_id][1] is Kind.STOP]
        targets = [o for o in own if kinds[o.intent.plan_id][1] is Kind.TARGET]
        rows.append(_row(record, entry, stops, targets))
    return rows


def show_panic(report: PanicReport) -> dict[str, Any]:
    """Return what a panic did, truthfully: sent is not filled, and unknown is said."""
    return {
        "panic_id": report.panic.panic_id,
        "account_id": report.panic.account_id,
        "asked_by": report.panic.asked_by,
        "asked_at": time_text(report.panic.asked_at),
        "reason": report.panic.reason,
        "repeated": report.repeated,
        "kill_switch": report.level.value,
        "flat": report.flat,
        "cancelled": list(report.cancelled),
        "not_cancelled": [{"order_id": o, "why": why} for o, why in report.not_cancelled],
        "exits": [submitted_order(order).model_dump(mode="json") for order in report.exits],
        "left": [
            {
                "instrument": str(each.instrument),
                "product": each.product.value,
                "quantity": decimal_text(each.quantity),
                "why": each.why,
            }
            for each in report.left
        ],
    }


def show_state(view: StateView) -> dict[str, Any]:
    """Return an account's running state with what is still open while it drains."""
    return {
        "state": view.state.value,
        "reason": view.reason,
        "set_by": view.set_by,
        "kill_switch": view.level.value,
        "open_orders": list(view.open_orders),
        "open_positions": list(view.open_positions),
    }


def _row(
    record: ProtectionRecord,
    entry: OrderRecord | None,
    stops: Sequence[OrderRecord],
    targets: Sequence[OrderRecord],
) -> dict[str, Any]:
    return {
        "entry_order_id": record.entry_order_id,
        "account_id": record.account_id,
        "instrument": None if entry is None else str(entry.intent.instrument),
        "side": None if entry is None else entry.intent.side.value,
        "product": None if entry is None else entry.intent.product.value,
        "filled_quantity": None if entry is None else decimal_text(entry.filled_quantity),
        "status": record.status,
        "note": record.note,
        "stop": None if record.stop_price is None else _stop(record, stops),
        "target": None if record.target_price is None else _target(record, targets),
        "updated_at": time_text(record.updated_at),
    }


def _stop(record: ProtectionRecord, stops: Sequence[OrderRecord]) -> dict[str, Any]:
    resting = [order for order in stops if not order.state.final]
    state = OVER if record.status == DONE else MISSING
    if resting:
        sure = all(order.state not in ON_ITS_WAY for order in resting)
        state = AT_BROKER if sure else ON_THE_WAY
    return _part(record.stop_price, state, resting)


def _target(record: ProtectionRecord, targets: Sequence[OrderRecord]) -> dict[str, Any]:
    resting = [order for order in targets if not order.state.final]
    state = OVER if record.status == DONE else EXIT_RESTS if resting else HELD_BY_US
    return _part(record.target_price, state, resting)


def _part(price: Decimal | None, state: str, resting: Sequence[OrderRecord]) -> dict[str, Any]:
    quantity = sum((order.open_quantity for order in resting), Decimal(0))
    return {
        "price": None if price is None else decimal_text(price),
        "state": state,
        "quantity": decimal_text(quantity),
        "order_ids": [order.intent.order_id for order in resting],
    }
