"""Keep entries protected: look, decide, and act until nothing is left to do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from adapters.errors import BrokerUnavailable, MarketDataUnavailable
from adapters.ports import Brokers, Clock, MarketData
from app.calendars.sessions import Calendars, CalendarUnknown
from app.errors import Conflict
from app.execution.canceller import CancelUnknown, OrderNotOpen
from app.execution.engine import ExecutionEngine
from app.gate.periods import HOME
from app.gate.service import World
from app.persistence import accounts, protections, running
from app.persistence.accounts import OBSERVE, AccountRecord
from app.persistence.database import Database, Session
from app.pipeline.views import require_account
from app.pipeline.world import make_world, priced_instruments
from app.planning.notes import PROTECTING
from app.protection.deciding import ACTOR, STOPPED, Case, Decider, Outcome
from app.protection.desired import View, Why, desired
from app.protection.doubt import Looks
from app.protection.forgetting import forget
from app.protection.returning import gone_lines, reopen
from app.protection.seeing import Conditions, Line, protected_lines, settled, view_of
from app.telemetry import log
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Exchange
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot
from tools.ports import InstrumentDirectory

# A look is decided on at most so often in a row; what is left is done at the next look.
ROUNDS: Final = 8
# How far back an entry may have been made whose first fill is only seen now.
SEEN_AFTER: Final = timedelta(days=10)
MOST_ENTRIES: Final = 500
# How long the stop stays away for an exit that a person was about to send.
# How long a cancel that was not confirmed is not asked again: it counts as a message each time,
# and the account's exits need the same allowance.
ASK_AGAIN: Final = timedelta(seconds=30)
ASIDE: Final = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What one look did: orders sent, orders taken back, and what a person was told of.

    `watching` says that the account has an entry that must be looked at again.
    """

    watching: bool = False
    placed: int = 0
    cancelled: int = 0
    troubles: tuple[str, ...] = ()


class StopInTheWay(Conflict):
    """A stop rests for what an exit would close, and could not be taken back for sure."""

    code = "STOP_IN_THE_WAY"
    remedy = "Nothing was sent; look at the orders and approve again."


class Protector:
    """Places, follows and takes back the stops and target exits of entries."""

    def __init__(
        self,
        *,
        database: Database,
        brokers: Brokers,
        market: MarketData,
        directory: InstrumentDirectory,
        calendars: Calendars,
        clock: Clock,
        engine: ExecutionEngine,
        decider: Decider,
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._market = market
        self._directory = directory
        self._calendars = calendars
        self._clock = clock
        self._engine = engine
        self._decider = decider
        self._ask_again: dict[str, datetime] = {}
        self._looks = Looks()

    async def keep(self, tenant_id: str, account_id: str) -> Kept:
        """Bring the account's protection to what it should be. Repeating it changes nothing.

        A broker or a price feed that does not answer leaves everything as it is: what rests at
        the broker rests there. Only an account with a protected entry costs calls to the broker.
        """
        done = Kept()
        try:
            for _ in range(ROUNDS):
                watching = await self._has_entries(tenant_id, account_id)
                done = replace(done, watching=watching)
                if not watching:
                    return done
                world = await self._look(tenant_id, account_id)
                outcomes = await self._decide(tenant_id, account_id, world)
                before, done = done, await self._act(tenant_id, outcomes, done)
                if (done.placed, done.cancelled) == (before.placed, before.cancelled):
                    return done
        except (BrokerUnavailable, MarketDataUnavailable) as down:
            log.warning("protection_waits", account_id=account_id, reason=down.message)
        return done

    async def make_way(self, tenant_id: str, plan: TradePlan) -> None:
        """Take back the stops that an exit would collide with.

        The person's exit goes first; what is left is protected again at the next look. Raises
        StopInTheWay when one of them may still rest at the broker.
        """
        leaving = {leg.instrument.ref: leg.side for leg in plan.legs}
        product, taken = plan.order_skeleton.product, list[str]()
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, plan.account_id)
            records = await protections.list_protections(
                session, account_id=plan.account_id, limit=MOST_ENTRIES
            )
            for line in await protected_lines(session, records):
                if (leaving.get(line.instrument), product) == (line.side.opposite, line.product):
                    taken += await self._step_aside(session, line)
        for order_id in taken:
            try:
                order = await self._engine.cancel(tenant_id, order_id, by=ACTOR)
            except OrderNotOpen:
                continue
            except (BrokerUnavailable, CancelUnknown) as unsure:
                raise StopInTheWay(f"the stop {order_id} may still rest: {unsure}") from unsure
            if not order.state.final:
                raise StopInTheWay(f"the stop {order_id} is still {order.state}")

    async def _step_aside(self, session: Session, line: Line) -> list[str]:
        made = {plan.plan_id: plan for plan in line.plans}
        until = self._clock.now() + ASIDE
        found: list[str] = []
        # The stop of a pair goes last: until then the position has one.
        for order in sorted(line.ours, key=lambda each: -each.intent.slice):
            plan = made.get(order.intent.plan_id)
            if plan is None or order.state.final or plan.taken_back == Why.FORGOTTEN:
                continue
            await protections.take_back(session, plan.plan_id, why=Why.EXIT_ASKED.value)
            await protections.hold_off(session, plan.entry_order_id, until=until)
            found.append(order.intent.order_id)
        return found

    async def _has_entries(self, tenant_id: str, account_id: str) -> bool:
        now = self._clock.now()
        async with self._database.tenant(tenant_id) as session:
            await protections.find_new(
                session,
                account_id,
                notes=PROTECTING,
                since=now - SEEN_AFTER,
                at=now,
            )
            found = await protections.list_protections(session, account_id=account_id, limit=1)
            return bool(found) or bool(await gone_lines(session, account_id, at=now))

    async def _look(self, tenant_id: str, account_id: str) -> World:
        """Read the book, then our orders: what fills in between is never counted as still held
        and as not yet closed."""
        broker = self._brokers.for_account(tenant_id, account_id)
        snapshot = await broker.get_snapshot(account_id)
        await self._engine.refresh(tenant_id, account_id)
        async with self._database.tenant(tenant_id) as session:
            records = await protections.list_protections(
                session, account_id=account_id, limit=MOST_ENTRIES
            )
            lines = await protected_lines(session, records)
        asked = priced_instruments([line.instrument for line in lines], snapshot)
        quotes = await self._market.get_quotes(asked)
        return make_world(
            snapshot,
            quotes,
            self._directory,
            asked=asked,
            mode=broker.capabilities.mode,
            reach_back=broker.capabilities.orders_reach_back,
        )

    async def _decide(self, tenant_id: str, account_id: str, world: World) -> list[Outcome]:
        """Decide, judge and write down with the account held, so that nobody else does."""
        outcomes: list[Outcome] = []
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, account_id)
            now = self._clock.now()
            panic = await running.running_panic(session, account_id)
            if panic is not None and now < panic.holds_until:
                return outcomes
            account = await require_account(session, account_id)
            await reopen(session, account_id, world.snapshot, at=now)
            records = await protections.list_protections(
                session, account_id=account_id, limit=MOST_ENTRIES
            )
            stopped = await self._stopped(session, account)
            for known in await protected_lines(session, records):
                line = await self._as_it_stands(session, account, known, world.snapshot)
                conditions = self._conditions(session, account, line, world, stopped)
                view = view_of(line, world, conditions)
                view = self._doubting(session, account, line, view, world.snapshot)
                case = Case(account=account, line=line, view=view, world=world)
                outcomes += [
                    await self._decider.write(session, case, wanted, action)
                    for wanted, action in zip(view.wanted, desired(view), strict=True)
                ]
        return outcomes

    async def _as_it_stands(
        self, session: Session, account: AccountRecord, known: Line, snapshot: BrokerSnapshot
    ) -> Line:
        """Return a line without the orders of earlier sessions that the book forgot."""
        broker = self._brokers.for_account(session.tenant_id, account.account_id)
        line, new = await forget(session, known, snapshot, broker.capabilities.orders_reach_back)
        for order_id in new:
            log.warning("protective_order_forgotten", order_id=order_id)
        return line

    def _doubting(
        self,
        session: Session,
        account: AccountRecord,
        line: Line,
        view: View,
        snapshot: BrokerSnapshot,
    ) -> View:
        """Return the view with what the broker does not show and is not believed to be gone."""
        tenant_id, account_id = session.tenant_id, account.account_id
        settle = self._brokers.for_account(tenant_id, account_id).capabilities.settle_s
        doubted = self._looks.doubted(
            (tenant_id, account_id, str(line.instrument), line.product.value, line.side.value),
            view,
            snapshot,
            settled=settled(line, at=snapshot.as_of, settle=timedelta(seconds=settle)),
        )
        return replace(view, doubted=doubted)

    async def _act(self, tenant_id: str, outcomes: Sequence[Outcome], done: Kept) -> Kept:
        cancelled = placed = 0
        for order_id in [order_id for each in outcomes for order_id in each.cancel]:
            # A cancel that is not confirmed is asked again at the next look; nothing is placed
            # in the order's place while it may still be there.
            if self._clock.now() < self._ask_again.get(order_id, self._clock.now()):
                continue
            try:
                await self._engine.cancel(tenant_id, order_id, by=ACTOR)
                cancelled += 1
            except (OrderNotOpen, CancelUnknown) as unsure:
                self._ask_again[order_id] = self._clock.now() + ASK_AGAIN
                log.warning("protective_cancel_unsure", order_id=order_id, reason=unsure.message)
        for plan_id in [each.execute for each in outcomes if each.execute]:
            await self._engine.execute(tenant_id, plan_id, follow=False)
            placed += 1
        troubles = {*done.troubles, *(each.trouble for each in outcomes if each.trouble)}
        return Kept(
            watching=done.watching,
            placed=done.placed + placed,
            cancelled=done.cancelled + cancelled,
            troubles=tuple(sorted(troubles)),
        )

    async def _stopped(self, session: Session, account: AccountRecord) -> str | None:
        switch = await accounts.kill_switch(session, account.account_id)
        if switch.level is KillSwitchLevel.HALTED:
            return f"{STOPPED}the kill switch is HALTED, so no stop can be sent"
        if account.mode == OBSERVE:
            return f"{STOPPED}the account only observes, so no stop can be sent"
        return None

    def _conditions(
        self,
        session: Session,
        account: AccountRecord,
        line: Line,
        world: World,
        stopped: str | None,
    ) -> Conditions:
        now = self._clock.now()
        state = self._calendars.state_of({line.instrument.exchange}, now)
        if stopped is None and not world.always_open and state.is_open is False:
            stopped = "the market is closed; it is placed in the next session"
        return Conditions(
            now=now,
            cannot_send=stopped,
            stop_rests=self._decider.stop_type(session.tenant_id, account.account_id) is not None,
            pairs=self._decider.pairs(session.tenant_id, account.account_id),
            same_session=self._same_session(account, now, always_open=world.always_open),
        )

    def _same_session(
        self, account: AccountRecord, now: datetime, *, always_open: bool
    ) -> Callable[[datetime], bool]:
        """Return whether a time is of the day of now. The days of our own markets are India's."""
        home = Exchange.NSE if always_open else HOME[account.currency]

        def same(at: datetime) -> bool:
            try:
                calendar = self._calendars.calendar_of(home)
            except CalendarUnknown:
                return at.date() == now.date()
            return calendar.local_day(at) == calendar.local_day(now)

        return same
