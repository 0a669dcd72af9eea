"""Send what is planned: claim durably, call once, write down what is known of it."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from adapters.ports import BrokerAdapter, Brokers, Clock, makes_ready, offers_oco
from app.audit.log import Entry, append
from app.execution import transitions
from app.execution.baskets import in_doubt, why_not_now
from app.execution.claims import LegsThatReduce, why_not
from app.execution.derive import is_pair
from app.execution.recording import ACTOR, Recorder
from app.persistence import accounts, jobs, leases, orders
from app.persistence.broker_messages import add_message
from app.persistence.database import Database, Session
from app.persistence.leases import Lease
from app.persistence.orders import OrderChange, OrderRecord
from app.telemetry import log
from riskgate.contracts.orders import BrokerOrderAck, ExecutionMode, OrderState
from riskgate.contracts.plans import TradePlan
from riskgate.inputs import MessageKind

# A process that was paused for longer than this between two steps may not send any more.
LEASE_TTL: Final = timedelta(seconds=5)
# How old the last look at the kill switch may be when the call begins (fault table, F20).
CALL_WITHIN_S: Final = 0.1
LOOKS_MAX: Final = 3
HELD_UP: Final = "HELD_UP: this process was too slow to be sure that it may still send"
UNKNOWN_REASON: Final = "the broker's reply was lost; the order is looked up by its tag"
LIVE_IS_OFF: Final = "LIVE_SWITCHED_OFF: this server sends no live orders"
LEASE_LOST: Final = "LEASE_LOST: this process was held up and its right to send was over"
BROKEN_PAIR: Final = "PAIR_BROKEN: the other order of its pair was taken back or not sent"
NOT_TAKEN: Final = "ORDER_TYPE_UNAVAILABLE: the broker takes no order of the type"
NO_PAIRS: Final = "NO_PAIRS: the broker takes no pairs of stop and target"


@dataclass(frozen=True, kw_only=True)
class _Claim:
    """What one call sends: an order, or the two of a pair, written down as SENDING, and until
    when by the monotonic clock it may go out. `looked` is when that clock showed the last look at
    the kill switch, the policy and its time."""

    orders: tuple[OrderRecord, ...]
    send_until: float
    looked: float


class _MovedOn(Exception):
    """Another process changed an order first: nothing of this claim stands."""


class Sender:
    """Sends the orders of a leased plan, each once. The only caller of `place_order` and
    `place_oco`."""

    def __init__(
        self,
        *,
        database: Database,
        brokers: Brokers,
        clock: Clock,
        monotonic: Callable[[], float],
        recorder: Recorder,
        legs_that_reduce: LegsThatReduce,
        live: bool,
    ) -> None:
        self._live = live
        self._database = database
        self._brokers = brokers
        self._clock = clock
        self._monotonic = monotonic
        self._recorder = recorder
        self._legs_that_reduce = legs_that_reduce

    async def send(self, tenant_id: str, plan: TradePlan, lease: Lease) -> None:
        """Send what of the plan is PLANNED and may go now, in the plan's order.

        The orders of a pair go together or not at all.
        """
        async with self._database.tenant(tenant_id) as session:
            known = await orders.plan_orders(session, plan.plan_id)
        before: list[OrderRecord] = []
        for part in [tuple(known)] if is_pair(plan) else [(order,) for order in known]:
            planned = [order for order in part if order.state is OrderState.PLANNED]
            if not planned:
                before += part
                continue
            stopped = why_not_now(plan, before, planned[0])
            if stopped is None and len(planned) < len(part):
                stopped = BROKEN_PAIR
            if stopped is None and in_doubt(plan, before, planned[0]):
                return
            if stopped is not None:
                await self._not_sent(tenant_id, planned, stopped)
            elif plan.mode is ExecutionMode.DRY_RUN:
                for order in planned:
                    await self._recorder.apply(tenant_id, order, transitions.simulated(order))
            else:
                await self._send(tenant_id, part, plan.mode, lease)
            before += [await self._reread(tenant_id, order) for order in part]

    async def _send(
        self, tenant_id: str, part: tuple[OrderRecord, ...], mode: ExecutionMode, lease: Lease
    ) -> None:
        broker = self._brokers.for_account(tenant_id, part[0].intent.account_id)
        if broker.capabilities.mode is not mode:
            reason = f"the plan is for {mode}, the broker is {broker.capabilities.mode}"
            await self._not_sent(tenant_id, part, reason)
            return
        if mode is ExecutionMode.LIVE and not self._live:
            await self._not_sent(tenant_id, part, LIVE_IS_OFF)
            return
        untaken = [o for o in part if o.intent.order_type not in broker.capabilities.order_types]
        if untaken:
            await self._not_sent(tenant_id, part, f"{NOT_TAKEN} {untaken[0].intent.order_type}")
            return
        if len(part) > 1 and not offers_oco(broker):
            await self._not_sent(tenant_id, part, NO_PAIRS)
            return
        await _made_ready(broker, part)
        claim = await self._claim(tenant_id, part, lease)
        if claim is None:
            return
        refusal = await self._held_up(tenant_id, claim)
        if refusal is not None:
            changes = [transitions.never_left(order, refusal) for order in part]
        else:
            changes = await self._call(broker, claim)
        for order, change in zip(part, changes, strict=True):
            won = await self._recorder.apply(tenant_id, order, change)
            if not won and change.state is OrderState.ACKED:
                await self._acked_late(tenant_id, order, change)
            if change.state is OrderState.UNKNOWN:
                await self._look_up(tenant_id, broker, order)

    async def _held_up(self, tenant_id: str, claim: _Claim) -> str | None:
        """Say why a claimed order may not be called for after all; None when it may.

        Whoever was held up since the last look looks again, so that no call begins long after
        a kill switch was answered.
        """
        looked = claim.looked
        for _ in range(LOOKS_MAX):
            tick = self._monotonic()
            if tick >= claim.send_until:
                return LEASE_LOST
            if tick - looked <= CALL_WITHIN_S:
                return None
            async with self._database.tenant(tenant_id) as session:
                await accounts.lock_account(session, claim.orders[0].intent.account_id)
                refusal = await self._why_not(session, claim.orders, at=self._clock.now())
            if refusal is not None:
                return refusal
            looked = self._monotonic()
        return HELD_UP

    async def _acked_late(self, tenant_id: str, order: OrderRecord, change: OrderChange) -> None:
        """The broker took an order that was ended meanwhile: it is told, and compared at once."""
        current = await self._reread(tenant_id, order)
        if not current.state.final or current.broker_order_id is not None:
            return
        log.error("acked_after_its_end", order_id=order.intent.order_id, state=current.state)
        async with self._database.tenant(tenant_id) as session:
            entry = Entry(
                actor=ACTOR,
                action="order.acked_after_its_end",
                entity="order",
                entity_id=order.intent.order_id,
                body={"state": current.state.value, "broker_order_id": change.broker_order_id},
            )
            await append(session, entry, at=self._clock.now())
            compare = jobs.reconcile_account(tenant_id, order.intent.account_id)
            await jobs.defer(session, compare)

    async def _not_sent(self, tenant_id: str, planned: Sequence[OrderRecord], reason: str) -> None:
        for order in planned:
            await self._recorder.apply(tenant_id, order, transitions.not_sent(order, reason))

    async def _claim(
        self, tenant_id: str, part: tuple[OrderRecord, ...], lease: Lease
    ) -> _Claim | None:
        """Move what one call sends to SENDING, durably, all of it or nothing; None when it may
        not be sent or is another's.

        The account is held, so a kill switch or a policy that was answered stands before this
        look, and the lease is renewed in the same transaction, so no other process has it.
        """
        try:
            async with self._database.tenant(tenant_id) as session:
                await accounts.lock_account(session, part[0].intent.account_id)
                now, tick = self._clock.now(), self._monotonic()
                if not await leases.renew(session, lease, at=now, ttl=LEASE_TTL):
                    log.warning("lease_lost", plan_id=lease.plan_id, token=lease.token)
                    return None
                refusal = await self._why_not(session, part, at=now)
                for order in part:
                    change = transitions.start_sending(order, at=now, fence=lease.token)
                    if refusal is not None:
                        change = transitions.expired(order, refusal)
                    if not await self._recorder.apply_in(session, order, change):
                        raise _MovedOn
                    if refusal is None:
                        await add_message(session, order.intent, MessageKind.ORDER, at=now)
        except _MovedOn:
            return None
        if refusal is not None:
            return None
        return _Claim(
            orders=part,
            send_until=tick + LEASE_TTL.total_seconds(),
            looked=self._monotonic(),
        )

    async def _why_not(
        self, session: Session, part: Sequence[OrderRecord], *, at: datetime
    ) -> str | None:
        for order in part:
            refusal = await why_not(session, order, self._legs_that_reduce, at=at)
            if refusal is not None:
                return refusal
        return None

    async def _call(self, broker: BrokerAdapter, claim: _Claim) -> list[OrderChange]:
        """Call the broker once and return what is known of each order since."""
        part = claim.orders
        try:
            acks = await _place(broker, part)
        except OrderRejected as rejected:
            return [transitions.refused(order, rejected.message) for order in part]
        except BrokerUnavailable as unavailable:
            return [transitions.never_left(order, unavailable.message) for order in part]
        except OutcomeUnknown as unknown:
            doubt = f"{UNKNOWN_REASON} ({unknown.message})"
            return [transitions.outcome_unknown(order, doubt) for order in part]
        except Exception as error:  # noqa: BLE001 # edge: it may have failed after the send
            log.exception("place_order_failed", order_id=part[0].intent.order_id)
            doubt = f"{UNKNOWN_REASON} ({type(error).__name__})"
            return [transitions.outcome_unknown(order, doubt) for order in part]
        return [
            transitions.accepted(order, ack.broker_order_id)
            for order, ack in zip(part, acks, strict=True)
        ]

    async def _look_up(self, tenant_id: str, broker: BrokerAdapter, order: OrderRecord) -> None:
        try:
            found = await broker.find_orders_by_tag(order.intent.account_id, order.intent.tag)
        except BrokerUnavailable:
            return
        if len(found) == 1:
            change = transitions.accepted(order, found[0].broker_order_id)
            await self._recorder.apply(tenant_id, order, change)

    async def _reread(self, tenant_id: str, order: OrderRecord) -> OrderRecord:
        async with self._database.tenant(tenant_id) as session:
            found = await orders.find_order(session, order.intent.order_id)
        return found or order


async def _made_ready(broker: BrokerAdapter, part: Sequence[OrderRecord]) -> None:
    """Let the broker ask others before the claim, so that no look at the switch ages by it."""
    if not makes_ready(broker):
        return
    for order in part:
        # What stands in the way is told by the call.
        with contextlib.suppress(BrokerUnavailable):
            await broker.make_ready(order.intent)


async def _place(
    broker: BrokerAdapter, part: tuple[OrderRecord, ...]
) -> tuple[BrokerOrderAck, ...]:
    if len(part) == 1:
        return (await broker.place_order(part[0].intent),)
    stop, target = part
    if not offers_oco(broker):
        raise BrokerUnavailable(NO_PAIRS)
    first, second = await broker.place_oco(stop.intent, target.intent)
    return first, second
