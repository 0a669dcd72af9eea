"""The paper broker: a real book on displayed quotes, kept through a store."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from pydantic import ValidationError

from adapters.brokers.paper.book import accept, accept_pair, advance, cancel
from adapters.brokers.paper.day import is_equity_due, ist_day, note_equity, roll_day
from adapters.brokers.paper.depth import is_fresh
from adapters.brokers.paper.filling import World
from adapters.brokers.paper.mapping import snapshot_of
from adapters.brokers.paper.session import Session
from adapters.brokers.paper.settings import CurrencyOf, PaperSettings, indian_rupee
from adapters.brokers.paper.state import PaperState, open_account, read_state, state_text
from adapters.errors import (
    BrokerUnavailable,
    MarketDataUnavailable,
    OutcomeUnknown,
    PaperStoreUnavailable,
)
from adapters.ports import (
    BrokerCapabilities,
    Clock,
    IdFactory,
    InstrumentLookup,
    MarketData,
    PaperStateStore,
)
from adapters.tariffs import indian_tariff
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderAck,
    BrokerTrade,
    ExecutionMode,
    OrderIntent,
    OrderType,
    Product,
)
from riskgate.contracts.snapshots import BrokerSnapshot, Quote

T = TypeVar("T")


class PaperBroker:
    """One book an account; implements OcoBroker.

    Every read first rolls the day and matches open orders against the quotes of now, so an order
    fills when somebody looks. Like Kite it takes a tag it has seen before: not sending twice is
    the caller's duty. A change is kept before it is answered; when the store does not say whether
    it kept one, a write raises OutcomeUnknown. Orders of one account never meet each other: they
    trade with what is displayed, and our own orders are not.
    """

    def __init__(
        self,
        *,
        market: MarketData,
        store: PaperStateStore,
        clock: Clock,
        ids: IdFactory,
        instruments: InstrumentLookup,
        settings: PaperSettings,
        currency_of: CurrencyOf = indian_rupee,
    ) -> None:
        self._market = market
        self._store = store
        self._clock = clock
        self._ids = ids
        self._instruments = instruments
        self._settings = settings
        self._currency_of = currency_of
        self._session = Session(clock, settings.session_expires_at_ist)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def capabilities(self) -> BrokerCapabilities:
        return BrokerCapabilities(
            name="paper",
            mode=ExecutionMode.PAPER,
            products=frozenset(Product),
            order_types=frozenset(OrderType),
            finds_orders_by_tag=True,
            places_oco=True,
        )

    def renew_session(self) -> None:
        """Begin a new session, as a person logging in again would."""
        self._session.renew()

    async def get_snapshot(self, account_id: str) -> BrokerSnapshot:
        """Return the whole book; margins are None when something held has no fresh price.

        Stamped before the book is loaded: another process may trade while quotes are awaited.
        """
        as_of = self._clock.now()

        def look(state: PaperState, world: World) -> tuple[PaperState, BrokerSnapshot]:
            if is_equity_due(state, world.now):
                state = note_equity(state, world.now, world.marks)
            return state, snapshot_of(
                state,
                snapshot_id=self._ids.new("snap"),
                as_of=as_of,
                quotes=world.quotes,
                margin_rate=world.margin_rate,
            )

        return await self._read(account_id, look)

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        """Take one order and match it at once.

        Raises OrderRejected with the reason, and OutcomeUnknown when the store did not answer.
        """

        def place(state: PaperState, world: World) -> tuple[PaperState, BrokerOrderAck]:
            placed, order = accept(state, intent, world)
            return placed, BrokerOrderAck(
                broker_order_id=order.broker_order_id, tag=intent.tag, accepted_at=world.now
            )

        return await self._write(intent.account_id, place, also=(intent.instrument,))

    async def place_oco(
        self, stop: OrderIntent, target: OrderIntent
    ) -> tuple[BrokerOrderAck, BrokerOrderAck]:
        """Take a stop and a target of which only one may fill; both are taken or neither.

        A fill of one takes as much off the other; cancelling one leaves the other. Raises as
        `place_order` does, OrderRejected also for two orders that make no pair.
        """

        def place(
            state: PaperState, world: World
        ) -> tuple[PaperState, tuple[BrokerOrderAck, BrokerOrderAck]]:
            placed, first, second = accept_pair(state, stop, target, world)
            acks = (
                BrokerOrderAck(
                    broker_order_id=order.broker_order_id, tag=intent.tag, accepted_at=world.now
                )
                for order, intent in ((first, stop), (second, target))
            )
            return placed, (next(acks), next(acks))

        return await self._write(stop.account_id, place, also=(stop.instrument, target.instrument))

    async def cancel_order(self, account_id: str, broker_order_id: str) -> None:
        """Cancel what is open; an unknown or finished order is OrderRejected."""

        def stop(state: PaperState, world: World) -> tuple[PaperState, None]:
            return cancel(state, broker_order_id, world.now), None

        await self._write(account_id, stop)

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        """Return the orders of today and of the last days, oldest first."""
        return await self._read(
            account_id, lambda state, _: (state, tuple(row.order for row in state.orders))
        )

    async def get_trades(self, account_id: str) -> Sequence[BrokerTrade]:
        """Return the fills of those orders, oldest first."""
        return await self._read(account_id, lambda state, _: (state, state.trades))

    async def find_orders_by_tag(self, account_id: str, tag: str) -> Sequence[BrokerOrder]:
        """Return every order in the book, of the last days too, that carries the tag."""
        return tuple(order for order in await self.get_orders(account_id) if order.tag == tag)

    async def _read(
        self, account_id: str, look: Callable[[PaperState, World], tuple[PaperState, T]]
    ) -> T:
        try:
            return await self._change(account_id, look)
        except PaperStoreUnavailable as error:
            raise BrokerUnavailable(f"the paper book cannot be kept: {error}") from error

    async def _write(
        self,
        account_id: str,
        change: Callable[[PaperState, World], tuple[PaperState, T]],
        *,
        also: Sequence[InstrumentRef] = (),
    ) -> T:
        try:
            return await self._change(account_id, change, also=also)
        except PaperStoreUnavailable as error:
            raise OutcomeUnknown(f"the paper book may not have been kept: {error}") from error

    async def _change(
        self,
        account_id: str,
        change: Callable[[PaperState, World], tuple[PaperState, T]],
        *,
        also: Sequence[InstrumentRef] = (),
    ) -> T:
        self._session.check()
        async with self._locks[account_id]:
            for _ in range(self._settings.save_attempts):
                version, stored = await self._load(account_id)
                state = stored or await self._open(account_id)
                world = await self._world((*state.priced_instruments, *also))
                current = advance(roll_day(state, world.now, world.marks), world)
                changed, answer = change(current, world)
                if changed == stored:
                    return answer
                kept = note_equity(changed, world.now, world.marks)
                if await self._store.save(
                    account_id, expected_version=version, state=state_text(kept)
                ):
                    return answer
        raise BrokerUnavailable("other writers of the paper book kept winning; nothing was kept")

    async def _load(self, account_id: str) -> tuple[int, PaperState | None]:
        try:
            found = await self._store.load(account_id)
        except PaperStoreUnavailable as error:
            raise BrokerUnavailable(f"the paper book cannot be read: {error}") from error
        if found is None:
            return 0, None
        version, text = found
        try:
            return version, read_state(text)
        except ValidationError as error:
            raise BrokerUnavailable("what the store holds is not a paper book") from error

    async def _open(self, account_id: str) -> PaperState:
        currency = await self._currency_of(account_id)
        return open_account(
            account_id,
            currency=currency,
            opening_cash=self._settings.opening_cash.get(currency, Decimal(0)),
            day=ist_day(self._clock.now()),
        )

    async def _world(self, instruments: Sequence[InstrumentRef]) -> World:
        quotes = await self._quotes(instruments)
        return World(
            now=self._clock.now(),
            quotes=quotes,
            instruments=self._instruments,
            ids=self._ids,
            settings=self._settings,
            tariff=indian_tariff(),
        )

    async def _quotes(self, instruments: Sequence[InstrumentRef]) -> Mapping[InstrumentRef, Quote]:
        wanted = tuple(dict.fromkeys(instruments))
        if not wanted:
            return {}
        try:
            quotes = await self._market.get_quotes(wanted)
        except MarketDataUnavailable:
            return {}
        now, oldest = self._clock.now(), timedelta(seconds=self._settings.quote_max_age_s)
        return {
            quote.instrument: quote
            for quote in quotes
            if quote.instrument in wanted and is_fresh(quote, now, oldest)
        }
