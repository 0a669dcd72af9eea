"""Panic close: stop opening, take back what is open, and leave every position."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from adapters.errors import BrokerUnavailable, MarketDataUnavailable
from adapters.ports import Brokers, Clock, IdFactory, MarketData
from app.audit.log import Entry, append
from app.errors import AppError
from app.execution.canceller import CancelUnknown, OrderNotOpen
from app.execution.engine import ExecutionEngine
from app.gate.collars import price_collar
from app.gate.kill_switch import STRICTNESS, LevelChange, set_level
from app.gate.service import World
from app.persistence import accounts, ledger, orders, plans, protections, running
from app.persistence.accounts import AccountRecord
from app.persistence.database import Database, Session
from app.persistence.orders import OrderRecord
from app.persistence.plans import PANIC_STAGE
from app.persistence.running import PanicRecord
from app.pipeline.views import require_account
from app.pipeline.world import make_world, priced_instruments
from app.protection.compose import ExitTerms, exit_plan, panic_intent, panic_plan_id
from app.protection.desired import Why
from app.protection.forgetting import forgotten_orders
from app.protection.placing import Approval, Denied, Placed, Placer
from app.protection.prices import worse
from app.protection.seeing import instrument_of, net_held, not_sellable, quote_of
from app.protection.shares import Resting, open_once
from riskgate.contracts.base import decimal_text
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import InstrumentRef, round_down
from riskgate.contracts.orders import OrderState, OrderType, Product, Side
from riskgate.contracts.snapshots import BrokerSnapshot
from tools.ports import InstrumentDirectory

ZERO: Final = Decimal(0)
# Nothing is placed to protect a position while a panic is at work on it.
HOLD: Final = timedelta(seconds=60)
# An exit of the panic that rested for so long is replaced, when asked again, at the market of then.
STALE: Final = timedelta(seconds=15)


@dataclass(frozen=True, kw_only=True)
class Left:
    """A position, or part of one, that no order of ours is closing now, and why."""

    instrument: InstrumentRef
    product: Product
    quantity: Decimal
    why: str


@dataclass(frozen=True, kw_only=True)
class PanicReport:
    """What a panic came to so far. `repeated` says that it had been asked before.

    `not_cancelled` are (order id, why); `exits` are all orders that the panic ever sent. `seen`
    says that the broker was seen after them; `forgotten` are the orders of earlier sessions that
    its book would show if they were open.
    """

    panic: PanicRecord
    repeated: bool
    level: KillSwitchLevel
    cancelled: tuple[str, ...]
    not_cancelled: tuple[tuple[str, str], ...]
    exits: tuple[OrderRecord, ...]
    left: tuple[Left, ...]
    seen: bool
    forgotten: frozenset[str] = frozenset()

    @property
    def flat(self) -> bool:
        """Whether everything is known to be closed: seen at the end, and our ledger agrees."""
        ended = all(o.state.final or o.intent.order_id in self.forgotten for o in self.exits)
        return self.seen and ended and not self.left and not self.not_cancelled


@dataclass(frozen=True, kw_only=True)
class _End:
    """What the look after the exits showed: what is left and which orders the book forgot."""

    seen: bool
    left: tuple[Left, ...]
    forgotten: frozenset[str] = frozenset()


class Panic:
    """Closes an account. Asking again goes on with what is left and sends nothing twice."""

    def __init__(
        self,
        *,
        database: Database,
        brokers: Brokers,
        market: MarketData,
        directory: InstrumentDirectory,
        clock: Clock,
        ids: IdFactory,
        engine: ExecutionEngine,
        placer: Placer,
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._market = market
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._engine = engine
        self._placer = placer

    async def close(self, tenant_id: str, account_id: str, *, by: str, reason: str) -> PanicReport:
        """Set REDUCE_ONLY, cancel every open order of ours, and send an exit for each position.

        Orders that are not ours stay; what they may still close is not closed a second time.
        Raises NotFound for a foreign account. A broker that does not answer is told in `left`:
        the switch is set and asking again goes on.
        """
        panic, repeated, level = await self._begin(tenant_id, account_id, by, reason)
        cancelled, unsure = await self._cancel_all(tenant_id, account_id, by)
        sent, left = await self._leave_all(tenant_id, panic)
        for plan_id in sent:
            await self._engine.execute(tenant_id, plan_id)
        end = await self._look_at_the_end(tenant_id, panic, left)
        async with self._database.tenant(tenant_id) as session:
            exits = await protections.orders_approved_as(session, panic.panic_id)
        return PanicReport(
            panic=panic,
            repeated=repeated,
            level=level,
            cancelled=tuple(cancelled),
            not_cancelled=tuple(each for each in unsure if each[0] not in end.forgotten),
            exits=tuple(exits),
            left=(*left, *end.left),
            seen=end.seen,
            forgotten=end.forgotten,
        )

    async def _begin(
        self, tenant_id: str, account_id: str, by: str, reason: str
    ) -> tuple[PanicRecord, bool, KillSwitchLevel]:
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, account_id)
            await require_account(session, account_id)
            now = self._clock.now()
            switch = await accounts.kill_switch(session, account_id)
            panic = await running.running_panic(session, account_id)
            if panic is not None and switch.level is KillSwitchLevel.RUNNING:
                # Somebody let orders run again since: this is another panic.
                await running.end_panic(session, account_id, at=now)
                panic = None
            level = switch.level
            if STRICTNESS[level] < STRICTNESS[KillSwitchLevel.REDUCE_ONLY]:
                level = KillSwitchLevel.REDUCE_ONLY
                change = LevelChange(
                    account_id=account_id,
                    level=level,
                    reason=f"panic: {reason}",
                    by=by,
                    may_loosen=False,
                )
                await set_level(session, change, at=now)
            repeated = panic is not None
            if panic is None:
                panic = PanicRecord(
                    panic_id=self._ids.new("pan"),
                    account_id=account_id,
                    reason=reason,
                    asked_by=by,
                    asked_at=now,
                    holds_until=now + HOLD,
                    ended_at=None,
                )
                await running.add_panic(session, panic)
                await _audit(session, panic, "panic.approved", by, {"reason": reason}, self._clock)
            else:
                await running.hold_panic(session, panic.panic_id, until=now + HOLD)
                await _audit(session, panic, "panic.again", by, {"reason": reason}, self._clock)
        return panic, repeated, level

    async def _cancel_all(
        self, tenant_id: str, account_id: str, by: str
    ) -> tuple[list[str], list[tuple[str, str]]]:
        """Cancel what is open of our orders, but the exits of a panic that go their way."""
        async with self._database.tenant(tenant_id) as session:
            panic = await running.running_panic(session, account_id)
            pending = await orders.unfinished_orders(session, account_id)
            own = None if panic is None else panic.panic_id
            to_cancel = [
                order for order in pending if order.approval_id != own or _stale(order, self._clock)
            ]
            for order in to_cancel:
                await protections.take_back(session, order.intent.plan_id, why=Why.PANIC.value)
        cancelled: list[str] = []
        unsure: list[tuple[str, str]] = []
        for order in to_cancel:
            order_id = order.intent.order_id
            try:
                after = await self._engine.cancel(tenant_id, order_id, by=by)
            except OrderNotOpen as ended:
                if not await self._is_final(tenant_id, order_id):
                    unsure.append((order_id, ended.message))
            except (CancelUnknown, BrokerUnavailable) as unknown:
                unsure.append((order_id, unknown.message))
            else:
                if after.state.final:
                    cancelled.append(order_id)
                else:
                    unsure.append((order_id, f"it is still {after.state}"))
        return cancelled, unsure

    async def _is_final(self, tenant_id: str, order_id: str) -> bool:
        async with self._database.tenant(tenant_id) as session:
            order = await orders.find_order(session, order_id)
        return order is None or order.state.final

    async def _leave_all(self, tenant_id: str, panic: PanicRecord) -> tuple[list[str], list[Left]]:
        """Write down an exit for each position; return the plans to send and what has none."""
        try:
            world = await self._look(tenant_id, panic.account_id)
        except (BrokerUnavailable, MarketDataUnavailable) as down:
            why = f"nothing could be seen or closed: {down.message}"
            return [], await self._everything(tenant_id, panic.account_id, why)
        sent: list[str] = []
        left: list[Left] = []
        for instrument, product in _lines(world.snapshot):
            async with self._database.tenant(tenant_id) as session:
                await accounts.lock_account(session, panic.account_id)
                outcome = await self._leave(session, panic, world, instrument, product)
            if isinstance(outcome, Placed):
                sent.append(outcome.plan_id)
            elif isinstance(outcome, Denied):
                net = net_held(world.snapshot, instrument, product)
                left.append(
                    Left(instrument=instrument, product=product, quantity=net, why=outcome.why)
                )
        return sent, left

    async def _leave(
        self,
        session: Session,
        panic: PanicRecord,
        world: World,
        ref: InstrumentRef,
        product: Product,
    ) -> Placed | Denied | None:
        """Write down the exit of one position; None where all of it is being closed already."""
        account = await require_account(session, panic.account_id)
        net = net_held(world.snapshot, ref, product)
        side = Side.SELL if net > 0 else Side.BUY
        free = abs(net) - await self._leaving(
            session, panic.account_id, world.snapshot, ref, product, side
        )
        if free <= 0:
            return None
        blocked, why = not_sellable(world.snapshot, ref, product)
        if side is Side.SELL and free <= blocked:
            return Denied(why=f"the broker does not let it be sold now: {why}")
        free -= blocked if side is Side.SELL else ZERO
        instrument, quote = instrument_of(world, ref), quote_of(world, ref)
        if instrument is None or quote is None:
            return Denied(why="there is no price of it now, or it is not in the master")
        quantity = round_down(free, Decimal(instrument.lot_size))
        if quantity <= 0:
            return Denied(why="it is less than one lot; close it at the broker")
        try:
            collar = await price_collar(session, account, ref)
        except AppError as impossible:
            return Denied(why=impossible.message)
        terms = ExitTerms(
            instrument=instrument,
            side=side,
            product=product,
            quantity=quantity,
            order_type=OrderType.LIMIT,
            limit_price=worse(quote.last, side, instrument, collar=collar, quote=quote),
            trigger_price=None,
            quote=quote,
            note=f"panic close {panic.panic_id}",
        )
        return await self._judged(session, account, panic, world, terms)

    async def _leaving(
        self,
        session: Session,
        account_id: str,
        snapshot: BrokerSnapshot,
        ref: InstrumentRef,
        product: Product,
        side: Side,
    ) -> Decimal:
        """Return what the closing side may still close, or closed after the book was read."""
        ours = await protections.line_orders(session, account_id, ref, product)
        reach_back = self._brokers.for_account(
            session.tenant_id, account_id
        ).capabilities.orders_reach_back
        ended = forgotten_orders(ours, snapshot, reach_back)
        on_side = [o for o in ours if o.intent.side is side and o.intent.order_id not in ended]
        tags, ids = {o.intent.tag for o in ours}, {o.broker_order_id for o in ours}
        foreign = (
            order.open_quantity
            for order in snapshot.orders
            if (order.instrument, order.product, order.side) == (ref, product, side)
            and order.tag not in tags
            and order.broker_order_id not in ids
        )
        late = (o.filled_quantity for o in on_side if o.updated_at > snapshot.as_of)
        pairs = await protections.pair_plans(session, [o.intent.plan_id for o in on_side])
        may_close = open_once([_resting(order, pairs) for order in on_side])
        return sum(foreign, ZERO) + may_close + sum(late, ZERO)

    async def _judged(
        self,
        session: Session,
        account: AccountRecord,
        panic: PanicRecord,
        world: World,
        terms: ExitTerms,
    ) -> Placed | Denied:
        at = self._clock.now()
        attempt = 0
        while True:
            plan_id = panic_plan_id(panic.panic_id, terms.instrument, terms.product, attempt)
            if await plans.find_plan(session, plan_id) is None:
                break
            attempt += 1
        try:
            frame = self._placer.frame(session, account, None, world, plan_id, at)
            plan = exit_plan(frame, terms, panic_intent(terms, frame.account_id, panic.reason))
        except ValueError as impossible:
            return Denied(why=str(impossible))
        approval = Approval(
            approval_id=panic.panic_id,
            approved_by=panic.asked_by,
            run_id=panic.panic_id,
            stage=PANIC_STAGE,
        )
        return await self._placer.judged(session, account, plan, world, approval, at=at)

    async def _look(self, tenant_id: str, account_id: str) -> World:
        """Read the book, then our orders, as the protector does."""
        broker = self._brokers.for_account(tenant_id, account_id)
        snapshot = await broker.get_snapshot(account_id)
        await self._engine.refresh(tenant_id, account_id)
        asked = priced_instruments((), snapshot)
        quotes = await self._market.get_quotes(asked)
        return make_world(
            snapshot,
            quotes,
            self._directory,
            asked=asked,
            mode=broker.capabilities.mode,
            reach_back=broker.capabilities.orders_reach_back,
        )

    async def _look_at_the_end(
        self, tenant_id: str, panic: PanicRecord, told: Sequence[Left]
    ) -> _End:
        """Return what is held after the exits were sent and is not told of yet.

        What our ledger holds and the broker does not show is left too: an answer may leave out
        what is held, and nothing was sent for it. Our own exits are off the ledger by then.
        """
        account_id = panic.account_id
        known = {(each.instrument, each.product) for each in told}
        broker = self._brokers.for_account(tenant_id, account_id)
        try:
            snapshot = await broker.get_snapshot(account_id)
            await self._engine.refresh(tenant_id, account_id)
        except BrokerUnavailable as down:
            why = f"it could not be seen after the exits were sent: {down.message}"
            unseen = await self._everything(tenant_id, account_id, why)
            return _End(seen=False, left=_but(unseen, known))
        shown = [
            Left(
                instrument=instrument,
                product=product,
                quantity=net_held(snapshot, instrument, product),
                why=_why_left(snapshot, instrument, product),
            )
            for instrument, product in _lines(snapshot)
        ]
        why = "our ledger holds it and the broker does not show it; nothing was sent for it now"
        booked = await self._everything(tenant_id, account_id, why)
        at_broker = {(each.instrument, each.product) for each in shown}
        async with self._database.tenant(tenant_id) as session:
            pending = await orders.unfinished_orders(session, account_id)
        return _End(
            seen=True,
            left=_but([*shown, *_but(booked, at_broker)], known),
            forgotten=forgotten_orders(pending, snapshot, broker.capabilities.orders_reach_back),
        )

    async def _everything(self, tenant_id: str, account_id: str, why: str) -> list[Left]:
        """Return our own ledger's positions as left: the broker's are not to be seen."""
        async with self._database.tenant(tenant_id) as session:
            held = await ledger.positions(session, account_id)
        return [
            Left(instrument=p.instrument, product=p.product, quantity=p.quantity, why=why)
            for p in held
        ]


def _why_left(snapshot: BrokerSnapshot, instrument: InstrumentRef, product: Product) -> str:
    blocked, why = not_sellable(snapshot, instrument, product)
    if blocked:
        return f"the broker does not let {decimal_text(blocked)} of it be sold now: {why}"
    return "its exit has not filled, or another order is closing it"


def _but(found: Sequence[Left], known: Set[tuple[InstrumentRef, Product]]) -> tuple[Left, ...]:
    return tuple(each for each in found if (each.instrument, each.product) not in known)


def _resting(order: OrderRecord, pairs: frozenset[str]) -> Resting:
    plan_id = order.intent.plan_id
    return Resting(
        pair=plan_id if plan_id in pairs else None,
        quantity=order.intent.quantity,
        open=order.open_quantity,
        filled=order.filled_quantity,
    )


def _stale(order: OrderRecord, clock: Clock) -> bool:
    """Say whether an exit of the panic rests for so long that the market has left it behind."""
    resting = order.state in {OrderState.OPEN, OrderState.PARTIALLY_FILLED}
    return resting and clock.now() >= order.created_at + STALE


def _lines(snapshot: BrokerSnapshot) -> list[tuple[InstrumentRef, Product]]:
    rows = (*snapshot.positions, *snapshot.holdings)
    keys = dict.fromkeys((row.instrument, row.product) for row in rows)
    return [key for key in keys if net_held(snapshot, *key)]


async def _audit(
    session: Session,
    panic: PanicRecord,
    action: str,
    by: str,
    body: dict[str, str],
    clock: Clock,
) -> None:
    entry = Entry(
        actor=by,
        action=action,
        entity="panic",
        entity_id=panic.panic_id,
        body={"account_id": panic.account_id, **body},
    )
    await append(session, entry, at=clock.now())
