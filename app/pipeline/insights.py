"""What answers to questions are made of: limits, gains, fills, stops, bars and hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from adapters.errors import MarketDataUnavailable
from adapters.ports import BarHistory, BarSource, Clock
from app.calendars.sessions import Calendars, CalendarUnknown
from app.gate.history import day_start_of
from app.gate.periods import HOME, periods_of
from app.gate.standing import account_standing
from app.ledger.gains import realised_since, total
from app.ledger.live_day import closings
from app.persistence import equity, ledger, live_day, orders, protections
from app.persistence.database import Database, Session
from app.persistence.equity_line import equity_line
from app.persistence.orders import OrderRecord
from app.persistence.protections import ProtectionRecord
from app.pipeline.views import AccountViews, MarketDown, require_account
from app.pipeline.world import make_world, priced_instruments
from app.planning.market_context import context_of
from app.planning.notes import PROTECTING
from riskgate.contracts.bars import Bar, BarInterval
from riskgate.contracts.insights import (
    BarsFrom,
    FillFact,
    Gains,
    MarketContext,
    MarketHours,
    StopFact,
)
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import BrokerTrade
from riskgate.contracts.standing import Standing
from tools.ports import AccountView, Caller, InstrumentDirectory

POINTS: Final = 40
SHOWN_STOPS: Final = 50
# Days of the calendar that hold more than the bars an answer needs.
LOOK_BACK: Final = timedelta(days=130)


@dataclass(frozen=True, kw_only=True)
class Past:
    """Where bars of the past are: imported ones, and for some exchanges the broker's own."""

    imported: BarHistory
    source: BarSource | None = None
    exchanges: frozenset[Exchange] = frozenset()


class Insights:
    """Reads facts for answers. Implements tools.ports.InsightReader; stores and sends nothing."""

    def __init__(
        self,
        *,
        database: Database,
        views: AccountViews,
        directory: InstrumentDirectory,
        calendars: Calendars,
        past: Past,
        clock: Clock,
    ) -> None:
        self._database = database
        self._views = views
        self._directory = directory
        self._calendars = calendars
        self._past = past
        self._clock = clock

    async def standing(self, caller: Caller, view: AccountView) -> Standing | None:
        """Return what is used and left of each limit. Raises MarketDown and PolicyMissing."""
        if view.snapshot is None or view.snapshot.margins is None:
            return None
        in_flight = [order.instrument for order in view.ledger.expected_orders]
        refs = priced_instruments(in_flight, view.snapshot)
        broker = self._views.capabilities(caller.tenant_id, caller.account_id)
        world = make_world(
            view.snapshot,
            await self._views.quotes(refs) if refs else (),
            self._directory,
            asked=refs,
            mode=view.execution_mode,
            reach_back=broker.orders_reach_back,
        )
        async with self._database.tenant(caller.tenant_id) as session:
            account = await require_account(session, caller.account_id)
            return await account_standing(
                session, self._calendars, account, world, at=self._clock.now()
            )

    async def gains(self, caller: Caller, view: AccountView) -> Gains:
        """Return what the day came to so far; the view's own equity ends the line."""
        periods = periods_of(self._calendars, view.currency, self._clock.now())
        margins = None if view.snapshot is None else view.snapshot.margins
        async with self._database.tenant(caller.tenant_id) as session:
            fills = await live_day.fills(session, caller.account_id, of_every_mode=True)
            moved = await live_day.adjustments(session, caller.account_id)
            record = await equity.find_equity(session, caller.account_id)
            line = await equity_line(
                session, caller.account_id, since=periods.day_starts_at, points=POINTS
            )
        realised = realised_since(closings(fills, moved), periods.day_starts_at)
        return Gains(
            currency=view.currency,
            since=periods.day_starts_at,
            realised=realised,
            realised_total=total(each.gain for each in realised),
            day_start_equity=day_start_of(record, margins, periods),
            line=tuple(line),
        )

    async def fills(self, caller: Caller) -> Sequence[FillFact]:
        """Return the day's fills, newest first."""
        async with self._database.tenant(caller.tenant_id) as session:
            account = await require_account(session, caller.account_id)
            periods = periods_of(self._calendars, account.currency, self._clock.now())
            found = await ledger.fills_of(
                session, caller.account_id, (), since=periods.day_starts_at
            )
        return [_fill(trade) for trade in reversed(found)]

    async def stops(self, caller: Caller) -> Sequence[StopFact]:
        """Return the stops and targets that are kept, then those of entries yet to fill."""
        async with self._database.tenant(caller.tenant_id) as session:
            found = await protections.list_protections(
                session, account_id=caller.account_id, limit=SHOWN_STOPS
            )
            waiting = await protections.list_waiting(
                session, caller.account_id, notes=PROTECTING, limit=SHOWN_STOPS
            )
            facts = [await stop_fact(session, record) for record in (*found, *waiting)]
        return [fact for fact in facts if fact is not None]

    async def market_context(self, instrument: InstrumentRef) -> MarketContext:
        """Return trend and volatility of closed bars. Raises MarketDown where the source is."""
        bars, bars_from = await self._bars(instrument)
        return context_of(instrument, bars, bars_from)

    async def _bars(self, instrument: InstrumentRef) -> tuple[Sequence[Bar], BarsFrom | None]:
        today = self._clock.now().date()
        if self._past.source is not None and instrument.exchange in self._past.exchanges:
            try:
                found = await self._past.source.get_bars(
                    instrument,
                    interval=BarInterval.DAY,
                    first_day=today - LOOK_BACK,
                    last_day=today,
                )
            except MarketDataUnavailable as down:
                raise MarketDown(down.message) from down
            return found, BarsFrom.BROKER
        stored = await self._past.imported.load_bars(instrument)
        if not stored:
            return (), None
        # A replay is at a day of its own; what comes after that day is not known yet.
        quotes = await self._views.quotes([instrument])
        day = quotes[0].market_time.date() if quotes else today
        return [bar for bar in stored if bar.opened_at.date() < day], BarsFrom.IMPORT

    async def hours(self, caller: Caller) -> MarketHours:
        """Return the day of the exchange that the account's days are counted by."""
        async with self._database.tenant(caller.tenant_id) as session:
            account = await require_account(session, caller.account_id)
        exchange, now = HOME[account.currency], self._clock.now()
        simulated = exchange not in self._past.exchanges
        try:
            calendar = self._calendars.calendar_of(exchange)
            today = calendar.session_on(calendar.local_day(now))
            state = calendar.state(now)
            is_over = today is not None and today.closes_at <= now
            last = today if is_over else calendar.session_before(calendar.local_day(now))
        except CalendarUnknown:
            return MarketHours(exchange=exchange, is_open=None, simulated=simulated)
        return MarketHours(
            exchange=exchange,
            is_open=state.is_open,
            opens_at=None if today is None else today.opens_at,
            closes_at=None if today is None else today.closes_at,
            last_closed_at=None if last is None else last.closes_at,
            next_opens_at=state.next_opens_at,
            simulated=simulated,
        )


async def stop_fact(session: Session, record: ProtectionRecord) -> StopFact | None:
    """Return what is kept for one entry and what of it rests; None without its entry."""
    entry = await orders.find_order(session, record.entry_order_id)
    if entry is None:
        return None
    resting = await _resting(session, record.entry_order_id)
    own_stops = [order for order in resting if order.intent.trigger_price is not None]
    return StopFact(
        entry_order_id=record.entry_order_id,
        instrument=entry.intent.instrument,
        side=entry.intent.side,
        product=entry.intent.product,
        stop_price=record.stop_price,
        target_price=record.target_price,
        status=record.status,
        stop_rests=bool(own_stops),
        stop_order_ids=tuple(order.intent.order_id for order in own_stops),
        stop_quantity=sum((order.open_quantity for order in own_stops), Decimal(0)),
        stop_since=min((order.created_at for order in own_stops), default=None),
        target_rests=len(own_stops) < len(resting),
        waits_for_fill=record.status == protections.WAITING,
        opened_at=record.opened_at,
        note=record.note or None,
    )


async def _resting(session: Session, entry_order_id: str) -> list[OrderRecord]:
    """Return the unfinished orders that guard what an entry bought, none that was taken back."""
    made = await protections.protective_plans(session, [entry_order_id])
    standing = [plan.plan_id for plan in made if plan.taken_back is None]
    own = await protections.orders_of_plans(session, standing)
    return [order for order in own if not order.state.final]


def _fill(trade: BrokerTrade) -> FillFact:
    return FillFact(**{name: getattr(trade, name) for name in FillFact.model_fields})
