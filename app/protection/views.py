"""Protection as people see it: who holds the stop and the target, and what a panic did."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from app.persistence import protections
from app.persistence.database import Session
from app.persistence.orders import OrderRecord, find_order
from app.persistence.protections import DONE, PAIR, ProtectionRecord, ProtectivePlan
from app.pipeline.views import submitted_order
from app.protection.desired import ON_ITS_WAY, Kind, Why
from app.protection.drain import StateView
from app.protection.panic import PanicReport
from app.protection.seeing import kind_of
from riskgate.contracts.base import decimal_text, time_text

AT_BROKER: Final = "resting at the broker"
AS_PAIR: Final = "resting at the broker as a pair; one cancels the other"
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
    plans = {plan.plan_id: plan for plan in made}
    rows: list[dict[str, Any]] = []
    for record in records:
        entry = await find_order(session, record.entry_order_id)
        own = [
            _Shown(order=order, plan=plans[order.intent.plan_id])
            for order in orders
            if plans[order.intent.plan_id].entry_order_id == record.entry_order_id
        ]
        rows.append(_row(record, entry, own))
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
        "seen": report.seen,
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


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """An order that protects, with the plan it was made by."""

    order: OrderRecord
    plan: ProtectivePlan

    @property
    def kind(self) -> Kind:
        return kind_of(self.plan, self.order)

    @property
    def rests(self) -> bool:
        return not self.order.state.final and self.plan.taken_back != Why.FORGOTTEN


def _row(
    record: ProtectionRecord, entry: OrderRecord | None, own: Sequence[_Shown]
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
        "stop": None if record.stop_price is None else _stop(record, own),
        "target": None if record.target_price is None else _target(record, own),
        "updated_at": time_text(record.updated_at),
    }


def _stop(record: ProtectionRecord, own: Sequence[_Shown]) -> dict[str, Any]:
    resting = [each for each in own if each.rests and each.kind is Kind.STOP]
    state = OVER if record.status == DONE else MISSING
    if resting:
        state = _where(resting, AS_PAIR if _in_pairs(resting, own) else AT_BROKER)
    return _part(record.stop_price, state, resting, own)


def _target(record: ProtectionRecord, own: Sequence[_Shown]) -> dict[str, Any]:
    resting = [each for each in own if each.rests and each.kind is Kind.TARGET]
    state = OVER if record.status == DONE else HELD_BY_US
    if resting and all(each.plan.kind == PAIR for each in resting):
        state = _where(resting, AS_PAIR if _in_pairs(resting, own) else AT_BROKER)
    elif resting:
        state = EXIT_RESTS
    return _part(record.target_price, state, resting, own)


def _where(resting: Sequence[_Shown], when_sure: str) -> str:
    sure = all(each.order.state not in ON_ITS_WAY for each in resting)
    return when_sure if sure else ON_THE_WAY


def _in_pairs(resting: Sequence[_Shown], own: Sequence[_Shown]) -> bool:
    """Say whether the other order of each one's pair rests too."""
    whole = [other.plan.plan_id for other in own if other.rests and other.plan.kind == PAIR]
    return all(whole.count(each.plan.plan_id) > 1 for each in resting)


def _part(
    price: Decimal | None, state: str, resting: Sequence[_Shown], own: Sequence[_Shown]
) -> dict[str, Any]:
    return {
        "price": None if price is None else decimal_text(price),
        "state": state,
        "quantity": decimal_text(sum((_open(each, own) for each in resting), Decimal(0))),
        "order_ids": [each.order.intent.order_id for each in resting],
    }


def _open(each: _Shown, own: Sequence[_Shown]) -> Decimal:
    """Return what is open of an order; what the other of its pair filled is off it."""
    both = [each, *(o for o in own if o is not each and o.plan.plan_id == each.plan.plan_id)]
    if each.plan.kind != PAIR:
        return each.order.open_quantity
    filled = sum((o.order.filled_quantity for o in both), Decimal(0))
    return max(each.order.intent.quantity - filled, Decimal(0))
