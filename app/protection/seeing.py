"""Take book, prices and our own orders together, so that one decision can be made of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.gate.service import World
from app.persistence import protections
from app.persistence.database import Session
from app.persistence.orders import OrderRecord, find_order
from app.persistence.protections import PAIR, ProtectionRecord, ProtectivePlan
from app.protection.desired import Kind, Protective, View, Wanted, Why
from app.protection.shares import Entry, Exit
from riskgate.contracts.instruments import Instrument, InstrumentRef
from riskgate.contracts.orders import Product, Side
from riskgate.contracts.snapshots import BrokerSnapshot, Quote

ZERO: Final = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Line:
    """The protected entries of one instrument, product and side, with what was seen of them."""

    instrument: InstrumentRef
    product: Product
    side: Side
    records: tuple[ProtectionRecord, ...]
    plans: tuple[ProtectivePlan, ...]
    ours: tuple[OrderRecord, ...]

    def order(self, order_id: str) -> OrderRecord:
        """Return one of the line's orders."""
        return next(order for order in self.ours if order.intent.order_id == order_id)

    def partners(self, order: OrderRecord) -> tuple[OrderRecord, ...]:
        """Return what else of an order's pair may still fill."""
        plan_id = order.intent.plan_id
        if not any(plan.plan_id == plan_id and plan.kind == PAIR for plan in self.plans):
            return ()
        return tuple(
            other
            for other in self.ours
            if other.intent.plan_id == plan_id
            and other.intent.order_id != order.intent.order_id
            and not other.state.final
        )


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What counts for every line. `same_session` says whether a time is of the running session."""

    now: datetime
    cannot_send: str | None
    stop_rests: bool
    pairs: bool
    same_session: Callable[[datetime], bool]


async def protected_lines(
    session: Session, records: Sequence[ProtectionRecord]
) -> tuple[Line, ...]:
    """Return the lines that the records are about, with all that we know of their orders."""
    entries = await _entries(session, records)
    lines: list[Line] = []
    keys = dict.fromkeys(_key(entry) for entry in entries.values())
    for instrument, product, side in keys:
        own = tuple(
            r for r in records if _key(entries[r.entry_order_id]) == (instrument, product, side)
        )
        ours = await protections.line_orders(session, own[0].account_id, instrument, product)
        same_side = [o.intent.order_id for o in ours if o.intent.side is side]
        plans = await protections.protective_plans(session, same_side)
        # A protective order that failed has nothing filled or open, and its failure counts.
        made = await protections.orders_of_plans(session, [plan.plan_id for plan in plans])
        every = {order.intent.order_id: order for order in (*ours, *made)}
        lines.append(
            Line(
                instrument=instrument,
                product=product,
                side=side,
                records=own,
                plans=tuple(plans),
                ours=tuple(every.values()),
            )
        )
    return tuple(lines)


def view_of(line: Line, world: World, conditions: Conditions) -> View:
    """Put a line and the world together for the decision."""
    made = {plan.plan_id: plan for plan in line.plans}
    protective = tuple(
        _protective(order, made[order.intent.plan_id], conditions)
        for order in line.ours
        if order.intent.plan_id in made
    )
    exits = [o for o in others_of(line) if o.intent.side is line.side.opposite]
    quote = quote_of(world, line.instrument)
    instrument = instrument_of(world, line.instrument)
    return View(
        side=line.side,
        entries=entries_of(line),
        exits=exits_of(line),
        wanted=tuple(
            Wanted(
                entry_id=record.entry_order_id,
                stop=record.stop_price,
                target=record.target_price,
                not_before=record.not_before,
            )
            for record in line.records
        ),
        orders=protective,
        held=held_on(world.snapshot, line.instrument, line.product, line.side),
        leaving=_leaving(line, world.snapshot, exits),
        last=None if quote is None else quote.last,
        now=conditions.now,
        cannot_send=conditions.cannot_send or _unseen(quote, instrument),
        stop_rests=conditions.stop_rests,
        pairs=conditions.pairs,
        lot=Decimal(1 if instrument is None else instrument.lot_size),
    )


def others_of(line: Line) -> list[OrderRecord]:
    """Return the orders of a line that were not made to protect."""
    made = {plan.plan_id for plan in line.plans}
    return [order for order in line.ours if order.intent.plan_id not in made]


def entries_of(line: Line) -> tuple[Entry, ...]:
    return tuple(
        Entry(order_id=o.intent.order_id, filled=o.filled_quantity, created_at=o.created_at)
        for o in others_of(line)
        if o.intent.side is line.side and o.filled_quantity
    )


def exits_of(line: Line) -> tuple[Exit, ...]:
    return tuple(
        Exit(order_id=o.intent.order_id, filled=o.filled_quantity, created_at=o.created_at)
        for o in others_of(line)
        if o.intent.side is line.side.opposite and o.filled_quantity
    )


def closed_of(line: Line) -> dict[str, Decimal]:
    """Return what protective orders filled, by the entry they were made for."""
    entry_of = {plan.plan_id: plan.entry_order_id for plan in line.plans}
    closed: dict[str, Decimal] = {}
    for order in line.ours:
        entry_id = entry_of.get(order.intent.plan_id)
        if entry_id is not None:
            closed[entry_id] = closed.get(entry_id, ZERO) + order.filled_quantity
    return closed


def settled(line: Line, *, at: datetime, settle: timedelta) -> bool:
    """Say whether the broker must show every fill of the line's entries by now."""
    entries = [o for o in others_of(line) if o.intent.side is line.side and o.filled_quantity]
    return all(order.updated_at + settle <= at for order in entries)


def held_on(
    snapshot: BrokerSnapshot, instrument: InstrumentRef, product: Product, side: Side
) -> Decimal:
    """Return what the broker holds on a side, delivered and not; never negative."""
    net = net_held(snapshot, instrument, product)
    return max(net * side.sign, ZERO)


def net_held(snapshot: BrokerSnapshot, instrument: InstrumentRef, product: Product) -> Decimal:
    """Return the signed quantity that the broker holds of an instrument in a product."""
    rows = (*snapshot.positions, *snapshot.holdings)
    own = (r.quantity for r in rows if r.instrument == instrument and r.product is product)
    return sum(own, ZERO)


def not_sellable(
    snapshot: BrokerSnapshot, instrument: InstrumentRef, product: Product
) -> tuple[Decimal, str]:
    """Return how much of what is held the broker does not let be sold now, and its reasons."""
    rows = (*snapshot.positions, *snapshot.holdings)
    own = [r for r in rows if r.instrument == instrument and r.product is product]
    reasons = " ".join(r.sale_note for r in own if r.sale_note)
    return sum((r.blocked_quantity for r in own), ZERO), reasons


def quote_of(world: World, instrument: InstrumentRef) -> Quote | None:
    return next((quote for quote in world.quotes if quote.instrument == instrument), None)


def instrument_of(world: World, ref: InstrumentRef) -> Instrument | None:
    return next((row for row in world.instruments if row.ref == ref), None)


def _leaving(line: Line, snapshot: BrokerSnapshot, exits: Sequence[OrderRecord]) -> Decimal:
    """Return what other orders than the protective ones may still close: ours and foreign ones."""
    our_tags = {order.intent.tag for order in line.ours}
    our_ids = {order.broker_order_id for order in line.ours}
    foreign = (
        order.open_quantity
        for order in snapshot.orders
        if (order.instrument, order.product) == (line.instrument, line.product)
        and order.side is line.side.opposite
        and order.tag not in our_tags
        and order.broker_order_id not in our_ids
    )
    # What filled after the book was read is still in its positions, of an order still open too.
    late = (o.filled_quantity for o in exits if o.updated_at > snapshot.as_of)
    return sum(foreign, ZERO) + sum((o.open_quantity for o in exits), ZERO) + sum(late, ZERO)


def _protective(order: OrderRecord, plan: ProtectivePlan, conditions: Conditions) -> Protective:
    return Protective(
        order_id=order.intent.order_id,
        entry_id=plan.entry_order_id,
        kind=kind_of(plan, order),
        generation=plan.generation,
        state=order.state,
        open=order.open_quantity,
        filled=order.filled_quantity,
        limit_price=order.intent.limit_price,
        created_at=order.created_at,
        of_this_session=conditions.same_session(order.created_at),
        taken_back=None if plan.taken_back is None else Why(plan.taken_back),
        pair=plan.plan_id if plan.kind == PAIR else None,
        quantity=order.intent.quantity,
    )


def kind_of(plan: ProtectivePlan, order: OrderRecord) -> Kind:
    """Return what an order of a protective plan is for; of a pair the first is the stop."""
    if plan.kind != PAIR:
        return Kind(plan.kind)
    return Kind.TARGET if order.intent.slice else Kind.STOP


def _unseen(quote: Quote | None, instrument: Instrument | None) -> str | None:
    if quote is None:
        return "there is no price now"
    return None if instrument is not None else "the instrument is not in the master"


async def _entries(session: Session, records: Sequence[ProtectionRecord]) -> dict[str, OrderRecord]:
    found: dict[str, OrderRecord] = {}
    for record in records:
        order = await find_order(session, record.entry_order_id)
        if order is not None:
            found[record.entry_order_id] = order
    return found


def _key(entry: OrderRecord) -> tuple[InstrumentRef, Product, Side]:
    return entry.intent.instrument, entry.intent.product, entry.intent.side
