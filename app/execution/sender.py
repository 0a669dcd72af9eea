"""Send what is planned: claim durably, call once, write down what is known of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from adapters.ports import BrokerAdapter, Brokers, Clock
from app.execution import transitions
from app.execution.baskets import in_doubt, why_not_now
from app.execution.claims import LegsThatReduce, why_not
from app.execution.recording import Recorder
from app.persistence import accounts, leases, orders
from app.persistence.broker_messages import add_message
from app.persistence.database import Database
from app.persistence.leases import Lease
from app.persistence.orders import OrderChange, OrderRecord
from app.telemetry import log
from riskgate.contracts.orders import ExecutionMode, OrderState
from riskgate.contracts.plans import TradePlan
from riskgate.inputs import MessageKind

# A process that was paused for longer than this between two steps may not send any more.
LEASE_TTL: Final = timedelta(seconds=5)
UNKNOWN_REASON: Final = "the broker's reply was lost; the order is looked up by its tag"
LIVE_IS_OFF: Final = "LIVE_SWITCHED_OFF: this server sends no live orders"
LEASE_LOST: Final = "LEASE_LOST: this process was held up and its right to send was over"


@dataclass(frozen=True, kw_only=True)
class _Claim:
    """An order written down as SENDING, and until when by the monotonic clock it may go out."""

    order: OrderRecord
    send_until: float


class Sender:
    """Sends the orders of a leased plan, each once. The only caller of `place_order`."""

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
        """Send what of the plan is PLANNED and may go now, in the plan's order."""
        async with self._database.tenant(tenant_id) as session:
            known = await orders.plan_orders(session, plan.plan_id)
        before: list[OrderRecord] = []
        for order in known:
            if order.state is not OrderState.PLANNED:
                before.append(order)
                continue
            stopped = why_not_now(plan, before, order)
            if stopped is None and in_doubt(plan, before, order):
                return
            if stopped is not None:
                await self._recorder.apply(tenant_id, order, transitions.not_sent(order, stopped))
            elif plan.mode is ExecutionMode.DRY_RUN:
                await self._recorder.apply(tenant_id, order, transitions.simulated(order))
            else:
                await self._send(tenant_id, order, plan.mode, lease)
            before.append(await self._reread(tenant_id, order))

    async def _send(
        self, tenant_id: str, order: OrderRecord, mode: ExecutionMode, lease: Lease
    ) -> None:
        broker = self._brokers.for_account(tenant_id, order.intent.account_id)
        if broker.capabilities.mode is not mode:
            reason = f"the plan is for {mode}, the broker is {broker.capabilities.mode}"
            await self._recorder.apply(tenant_id, order, transitions.not_sent(order, reason))
            return
        if mode is ExecutionMode.LIVE and not self._live:
            await self._recorder.apply(tenant_id, order, transitions.not_sent(order, LIVE_IS_OFF))
            return
        claim = await self._claim(tenant_id, order, lease)
        if claim is None:
            return
        change = await self._call(broker, claim)
        await self._recorder.apply(tenant_id, order, change)
        if change.state is OrderState.UNKNOWN:
            await self._look_up(tenant_id, broker, order)

    async def _claim(self, tenant_id: str, order: OrderRecord, lease: Lease) -> _Claim | None:
        """Move the order to SENDING, durably; None when it may not be sent or is another's.

        The account is held, so a kill switch or a policy that was answered stands before this
        look, and the lease is renewed in the same transaction, so no other process has it.
        """
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, order.intent.account_id)
            now, tick = self._clock.now(), self._monotonic()
            if not await leases.renew(session, lease, at=now, ttl=LEASE_TTL):
                log.warning("lease_lost", plan_id=lease.plan_id, token=lease.token)
                return None
            refusal = await why_not(session, order, self._legs_that_reduce, at=now)
            change = transitions.start_sending(order, at=now, fence=lease.token)
            if refusal is not None:
                change = transitions.expired(order, refusal)
            won = await self._recorder.apply_in(session, order, change)
            if won and refusal is None:
                await add_message(session, order.intent, MessageKind.ORDER, at=now)
        if refusal is not None or not won:
            return None
        return _Claim(order=order, send_until=tick + LEASE_TTL.total_seconds())

    async def _call(self, broker: BrokerAdapter, claim: _Claim) -> OrderChange:
        order = claim.order
        if self._monotonic() >= claim.send_until:
            return transitions.never_left(order, LEASE_LOST)
        try:
            ack = await broker.place_order(order.intent)
        except OrderRejected as rejected:
            return transitions.refused(order, rejected.message)
        except BrokerUnavailable as unavailable:
            return transitions.never_left(order, unavailable.message)
        except OutcomeUnknown as unknown:
            return transitions.outcome_unknown(order, f"{UNKNOWN_REASON} ({unknown.message})")
        except Exception as error:  # noqa: BLE001 # edge: it may have failed after the send
            log.exception("place_order_failed", order_id=order.intent.order_id)
            return transitions.outcome_unknown(order, f"{UNKNOWN_REASON} ({type(error).__name__})")
        return transitions.accepted(order, ack.broker_order_id)

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
