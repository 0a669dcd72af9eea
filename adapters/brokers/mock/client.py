"""The mock broker: accepts, refuses, loses and lags as it is told, and remembers every call."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from adapters.brokers.mock.book import MockBook, fill_price, net_positions
from adapters.brokers.mock.script import (
    Accept,
    AcceptAndDelayReply,
    AcceptAndFail,
    AcceptAndGarbleReply,
    AcceptAndLoseReply,
    Behaviour,
    BookTwice,
    Call,
    DelayAccept,
    LoseBeforeAccept,
    Partial,
    Receipt,
    Reject,
    Unavailable,
)
from adapters.errors import (
    BrokerError,
    BrokerUnavailable,
    MarketDataUnavailable,
    OrderRejected,
    OutcomeUnknown,
)
from adapters.ports import (
    BrokerCapabilities,
    Clock,
    IdFactory,
    InstrumentLookup,
    MarketData,
    ReachBack,
)
from adapters.steps import step_fault
from riskgate.contracts.instruments import Currency, Instrument, InstrumentRef, round_down
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderAck,
    BrokerOrderStatus,
    BrokerTrade,
    ExecutionMode,
    OrderIntent,
    OrderType,
    Product,
    Validity,
)
from riskgate.contracts.snapshots import BrokerSnapshot, Margins, Position, Quote

MOCK_CASH: Final = Decimal(1_000_000)
IST: Final = timezone(timedelta(hours=5, minutes=30))

Sleep = Callable[[float], Awaitable[None]]


class MockBroker:
    """A scripted broker in memory; implements BrokerAdapter.

    Orders fill whole at the touch of the market's quote. It keeps no money: margins never
    change. Like Kite it takes a tag it has seen before.
    """

    def __init__(
        self,
        *,
        market: MarketData,
        clock: Clock,
        ids: IdFactory,
        instruments: InstrumentLookup,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._market = market
        self._clock = clock
        self._ids = ids
        self._instruments = instruments
        self._sleep = sleep
        self._books: defaultdict[str, MockBook] = defaultdict(MockBook)
        self._script: deque[Behaviour] = deque()
        self._journal: list[Call] = []
        self._down = False
        self._lag_reads = 0
        self._lag = timedelta(0)
        self._duplicates = 1
        self._newest_fill_first = False
        self._days_alone = False
        self._loses_cancel = False

    @property
    def capabilities(self) -> BrokerCapabilities:
        return BrokerCapabilities(
            name="mock",
            mode=ExecutionMode.PAPER,
            products=frozenset(Product),
            order_types=frozenset(OrderType),
            finds_orders_by_tag=True,
            orders_reach_back=ReachBack.SESSION if self._days_alone else None,
        )

    @property
    def journal(self) -> tuple[Call, ...]:
        """Every call so far, oldest first."""
        return tuple(self._journal)

    def script(self, *behaviours: Behaviour) -> None:
        """Say what becomes of the next orders, one each; after them orders are accepted."""
        self._script.extend(behaviours)

    def go_down(self) -> None:
        """Make every call raise BrokerUnavailable until `come_up`."""
        self._down = True

    def come_up(self) -> None:
        """Answer again."""
        self._down = False

    def hide_new_orders(self, *, reads: int = 0, seconds: int = 0) -> None:
        """Leave each order placed from now on out of its account's next reads.

        It shows once both so many reads and so many seconds of the clock have passed.
        """
        self._lag_reads = reads
        self._lag = timedelta(seconds=seconds)

    def lose_next_cancel_reply(self) -> None:
        """Do the next cancel and lose its answer."""
        self._loses_cancel = True

    def repeat_fills(self, *, times: int) -> None:
        """Show every fill this many times in get_trades."""
        self._duplicates = times

    def reorder_fills(self, *, newest_first: bool) -> None:
        """Say in which order get_trades shows fills."""
        self._newest_fill_first = newest_first

    def show_the_day_alone(self) -> None:
        """Show no order or fill of an earlier day (IST), as Kite; what was open then has ended."""
        self._days_alone = True

    def plant_order(self, account_id: str, order: BrokerOrder) -> None:
        """Put an order into the book that did not come from us."""
        self._books[account_id].orders[order.broker_order_id] = order
        self._books[account_id].stuck.add(order.broker_order_id)

    def hold(self, account_id: str, *holdings: Position) -> None:
        """Give the account holdings."""
        self._books[account_id].holdings.extend(holdings)

    async def get_snapshot(self, account_id: str) -> BrokerSnapshot:
        """Return the visible book."""
        book = await self._read("get_snapshot", account_id)
        now = self._clock.now()
        orders, trades = self._orders(book), book.visible_trades(now)
        book.count_read()
        return BrokerSnapshot(
            snapshot_id=self._ids.new("snap"),
            account_id=account_id,
            source="mock",
            as_of=now,
            holdings=tuple(book.holdings),
            positions=net_positions(trades),
            orders=orders,
            margins=Margins(
                currency=Currency.INR,
                available=MOCK_CASH,
                used=Decimal(0),
                equity=MOCK_CASH,
                start_of_day_equity=MOCK_CASH,
            ),
        )

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        """Do with the order what the script says, and answer as the script says."""
        receipt = await self.receive(intent)
        match receipt.behaviour:
            case AcceptAndLoseReply() | AcceptAndFail():
                raise OutcomeUnknown("the mock broker's answer was lost")
            case AcceptAndGarbleReply():
                raise OutcomeUnknown("the mock broker's answer cannot be read")
            case AcceptAndDelayReply(seconds):
                await self._sleep(float(seconds))
        return receipt.ack

    async def receive(self, intent: OrderIntent) -> Receipt:
        """Do with the order what the script says; the answer is left to the caller.

        Raises OrderRejected, BrokerUnavailable, and OutcomeUnknown for an order lost on its way.
        """
        behaviour = self._script.popleft() if self._script else Accept()
        try:
            order_ids, ack = await self._place(intent, behaviour)
        except BrokerError as error:
            self._note("place_order", intent.account_id, intent.tag, error.code)
            raise
        unheard = AcceptAndLoseReply | AcceptAndGarbleReply | AcceptAndFail
        outcome = OutcomeUnknown.code if isinstance(behaviour, unheard) else "OK"
        self._note("place_order", intent.account_id, intent.tag, outcome)
        return Receipt(behaviour, ack, order_ids)

    async def cancel_order(self, account_id: str, broker_order_id: str) -> None:
        """Cancel what is open; an unknown or finished order is OrderRejected."""
        try:
            await self._cancel(account_id, broker_order_id)
        except BrokerError as error:
            self._note("cancel_order", account_id, broker_order_id, error.code)
            raise
        if self._loses_cancel:
            self._loses_cancel = False
            self._note("cancel_order", account_id, broker_order_id, OutcomeUnknown.code)
            raise OutcomeUnknown("the mock broker's answer to a cancel was lost")
        self._note("cancel_order", account_id, broker_order_id, "OK")

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        """Return the visible orders, oldest first."""
        book = await self._read("get_orders", account_id)
        orders = self._orders(book)
        book.count_read()
        return orders

    async def get_trades(self, account_id: str) -> Sequence[BrokerTrade]:
        """Return the fills of visible orders, repeated when so told."""
        book = await self._read("get_trades", account_id)
        trades = book.visible_trades(self._clock.now())
        if self._days_alone:
            trades = tuple(trade for trade in trades if trade.traded_at >= self._day())
        book.count_read()
        if self._newest_fill_first:
            trades = trades[::-1]
        return tuple(trade for trade in trades for _ in range(self._duplicates))

    async def find_orders_by_tag(self, account_id: str, tag: str) -> Sequence[BrokerOrder]:
        """Return every visible order with the tag."""
        book = await self._read("find_orders_by_tag", account_id, tag)
        orders = tuple(order for order in self._orders(book) if order.tag == tag)
        book.count_read()
        return orders

    async def _place(
        self, intent: OrderIntent, behaviour: Behaviour
    ) -> tuple[tuple[str, ...], BrokerOrderAck]:
        if self._down or isinstance(behaviour, Unavailable):
            raise BrokerUnavailable("the mock broker is not reachable")
        if isinstance(behaviour, LoseBeforeAccept):
            raise OutcomeUnknown("the order was lost before the mock broker took it")
        if isinstance(behaviour, Reject):
            raise OrderRejected(behaviour.reason)
        if isinstance(behaviour, DelayAccept):
            await self._sleep(float(behaviour.seconds))
        times = 2 if isinstance(behaviour, BookTwice) else 1
        taken = [await self._take(intent, behaviour) for _ in range(times)]
        ack = BrokerOrderAck(
            broker_order_id=taken[0].broker_order_id,
            tag=intent.tag,
            accepted_at=taken[0].placed_at,
        )
        return tuple(order.broker_order_id for order in taken), ack

    async def _take(self, intent: OrderIntent, behaviour: Behaviour) -> BrokerOrder:
        instrument = self._admit(intent)
        quotes = await self._quotes((intent.instrument,))
        order = self._new_order(intent)
        book = self._books[intent.account_id]
        book.orders[order.broker_order_id] = order
        book.hidden[order.broker_order_id] = self._lag_reads
        book.hidden_until[order.broker_order_id] = order.placed_at + self._lag
        if isinstance(behaviour, Partial):
            self._fill_part(book, order, behaviour.fraction, instrument, quotes)
        book.match(quotes, self._clock.now(), self._ids)
        placed = book.orders[order.broker_order_id]
        if intent.validity is Validity.IOC and placed.open_quantity > 0:
            book.cancel_rest(placed, self._clock.now(), "IOC: the rest was not filled at once")
        return placed

    def _admit(self, intent: OrderIntent) -> Instrument:
        instrument = self._instruments.get(intent.instrument)
        if instrument is None or not instrument.tradable:
            raise OrderRejected(f"unknown instrument {intent.instrument}")
        fault = step_fault(intent, instrument)
        if fault is not None:
            raise OrderRejected(fault)
        return instrument

    def _fill_part(
        self,
        book: MockBook,
        order: BrokerOrder,
        fraction: Decimal,
        instrument: Instrument,
        quotes: Mapping[InstrumentRef, Quote],
    ) -> None:
        book.stuck.add(order.broker_order_id)
        quote = quotes.get(order.instrument)
        price = None if quote is None else fill_price(order, quote)
        quantity = round_down(order.quantity * fraction, Decimal(instrument.lot_size))
        if price is not None and quantity > 0:
            book.fill(order, quantity, price, self._clock.now(), self._ids)

    def _new_order(self, intent: OrderIntent) -> BrokerOrder:
        waits, now = intent.order_type.has_trigger_price, self._clock.now()
        own = {"order_id", "account_id", "plan_id", "leg", "slice"}
        return BrokerOrder.model_validate(
            {
                **intent.model_dump(exclude=own),
                "broker_order_id": self._ids.new("mo"),
                "status": BrokerOrderStatus.TRIGGER_PENDING if waits else BrokerOrderStatus.OPEN,
                "placed_at": now,
                "updated_at": now,
            }
        )

    async def _cancel(self, account_id: str, broker_order_id: str) -> None:
        if self._down:
            raise BrokerUnavailable("the mock broker is not reachable")
        book = self._books[account_id]
        await self._match(book)
        order = book.orders.get(broker_order_id)
        if order is None:
            raise OrderRejected(f"no order {broker_order_id} in the book")
        if order.open_quantity == 0:
            raise OrderRejected(f"order {broker_order_id} is already {order.status}")
        book.cancel_rest(order, self._clock.now(), "cancelled on request")

    async def _read(self, method: str, account_id: str, detail: str = "") -> MockBook:
        if self._down:
            self._note(method, account_id, detail, BrokerUnavailable.code)
            raise BrokerUnavailable("the mock broker is not reachable")
        self._note(method, account_id, detail, "OK")
        book = self._books[account_id]
        await self._match(book)
        return book

    def _orders(self, book: MockBook) -> tuple[BrokerOrder, ...]:
        shown = book.visible_orders(self._clock.now())
        if not self._days_alone:
            return shown
        return tuple(order for order in shown if order.placed_at >= self._day())

    def _day(self) -> datetime:
        today = self._clock.now().astimezone(IST)
        return today.replace(hour=0, minute=0, second=0, microsecond=0)

    async def _match(self, book: MockBook) -> None:
        if self._days_alone:
            for order in tuple(book.orders.values()):
                if order.open_quantity and order.placed_at < self._day():
                    book.cancel_rest(order, self._clock.now(), "its day is over")
        waiting = {o.instrument for o in book.orders.values() if o.open_quantity > 0}
        if waiting:
            quotes = await self._quotes(sorted(waiting, key=str))
            book.match(quotes, self._clock.now(), self._ids)

    async def _quotes(self, instruments: Sequence[InstrumentRef]) -> Mapping[InstrumentRef, Quote]:
        try:
            quotes = await self._market.get_quotes(instruments)
        except MarketDataUnavailable:
            return {}
        return {quote.instrument: quote for quote in quotes}

    def _note(self, method: str, account_id: str, detail: str, outcome: str) -> None:
        self._journal.append(Call(len(self._journal) + 1, method, account_id, detail, outcome))
