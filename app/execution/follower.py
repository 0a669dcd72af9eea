"""Follow what is at the broker: book its news, and end what was never sent in its time."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from adapters.errors import BrokerUnavailable
from adapters.ports import Brokers, Clock
from app.execution import transitions
from app.execution.claims import overdue
from app.execution.recording import Recorder
from app.ledger.book import book_fill
from app.persistence import accounts, orders
from app.persistence.database import Database, RowRefused, Session
from app.persistence.orders import OrderRecord
from app.telemetry import log
from riskgate.contracts.orders import BrokerOrder, BrokerTrade, OrderState

POLL_S: Final = 0.1


class Follower:
    """Brings our orders up to the broker's book. Repeating it changes nothing."""

    def __init__(
        self,
        *,
        database: Database,
        brokers: Brokers,
        clock: Clock,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        fill_wait_s: float,
        recorder: Recorder,
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._fill_wait_s = fill_wait_s
        self._recorder = recorder

    async def refresh(self, tenant_id: str, account_id: str) -> None:
        """End what is overdue and book the broker's news of our open orders.

        An order that the database refuses to book is logged and left to reconciliation; the
        others go on. Raises BrokerUnavailable.
        """
        async with self._database.tenant(tenant_id) as session:
            pending = await orders.unfinished_orders(session, account_id)
        await self._expire_overdue(tenant_id, pending)
        at_broker = [order for order in pending if order.state in transitions.MAY_BE_AT_BROKER]
        if not at_broker:
            return
        broker = self._brokers.for_account(tenant_id, account_id)
        seen = await broker.get_orders(account_id)
        trades = await broker.get_trades(account_id)
        found = [(order, match) for order in at_broker if (match := match_order(order, seen))]
        # Of a pair what filled is booked before what ended by it, so that it never looks taken.
        for order, match in sorted(found, key=lambda each: not each[1].filled_quantity):
            try:
                await self._book(tenant_id, order, match, trades)
            except RowRefused:
                log.error("order_not_booked", order_id=order.intent.order_id)

    async def follow(self, tenant_id: str, plan_id: str) -> None:
        """Poll until every order of the plan is final or the waiting time is over."""
        until = self._clock.now() + timedelta(seconds=self._fill_wait_s)
        # Whatever the clock of the wall does meanwhile.
        give_up = self._monotonic() + self._fill_wait_s
        while True:
            pending = [o for o in await self._plan(tenant_id, plan_id) if not o.state.final]
            if not pending:
                return
            try:
                await self.refresh(tenant_id, pending[0].intent.account_id)
            except BrokerUnavailable:
                return
            over = self._clock.now() >= until or self._monotonic() >= give_up
            if over or all(order.state.final for order in await self._plan(tenant_id, plan_id)):
                return
            await self._sleep(POLL_S)

    async def _expire_overdue(self, tenant_id: str, pending: Sequence[OrderRecord]) -> None:
        now = self._clock.now()
        for order in pending:
            reason = overdue(order, at=now)
            if order.state is OrderState.PLANNED and reason is not None:
                await self._recorder.apply(tenant_id, order, transitions.expired(order, reason))

    async def _book(
        self,
        tenant_id: str,
        order: OrderRecord,
        seen: BrokerOrder,
        trades: Sequence[BrokerTrade],
    ) -> None:
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, order.intent.account_id)
            current = await orders.find_order(session, order.intent.order_id)
            if current is None:
                return
            own = [trade for trade in trades if trade.broker_order_id == seen.broker_order_id]
            fills = await self._book_fills(session, current, own)
            change = transitions.observed(current, seen, fills)
            if change is not None:
                await self._recorder.apply_in(session, current, change)

    async def _book_fills(
        self, session: Session, order: OrderRecord, trades: Sequence[BrokerTrade]
    ) -> list[BrokerTrade]:
        """Book each new fill and return all of the order's.

        One that would fill more than was ordered is left out: it cannot be this order's, and the
        next reconciliation shows the difference to a person.
        """
        fills = await orders.order_fills(session, order.intent.order_id)
        known = {fill.trade_id for fill in fills}
        room = order.intent.quantity - sum((fill.quantity for fill in fills), Decimal(0))
        for trade in trades:
            if trade.trade_id in known:
                continue
            if trade.quantity > room:
                log.error("fill_over_ordered", order_id=order.intent.order_id)
                continue
            await book_fill(session, order, trade, at=self._clock.now())
            known.add(trade.trade_id)
            fills.append(trade)
            room -= trade.quantity
        return fills

    async def _plan(self, tenant_id: str, plan_id: str) -> list[OrderRecord]:
        async with self._database.tenant(tenant_id) as session:
            return await orders.plan_orders(session, plan_id)


def match_order(order: OrderRecord, seen: Sequence[BrokerOrder]) -> BrokerOrder | None:
    """Find our order in the broker's book by its id, else by its tag when only one carries it."""
    for candidate in seen:
        if order.broker_order_id and candidate.broker_order_id == order.broker_order_id:
            return candidate
    tagged = [candidate for candidate in seen if candidate.tag == order.intent.tag]
    return tagged[0] if len(tagged) == 1 and order.broker_order_id is None else None
