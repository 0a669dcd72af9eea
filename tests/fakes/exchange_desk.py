"""The book behind a stand-in of a broker, and the troubles it can be told to have."""

from collections import defaultdict, deque
from collections.abc import Callable
from decimal import Decimal

from adapters.brokers.mock.book import MockBook, fill_price, net_positions
from adapters.ports import Clock, MarketData
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, OrderTerms, Side
from riskgate.contracts.snapshots import Position
from tests.fakes.instruments import INFY, TCS

OPENING_CASH = Decimal(100_000)
SYMBOLS = {"INFY": INFY, "TCS": TCS}


class TradeIds:
    """Names fills by a function of a count; implements IdFactory."""

    def __init__(self, named: Callable[[int], str]) -> None:
        self._named = named
        self._given = 0

    def new(self, prefix: str) -> str:
        self._given += 1
        return self._named(self._given)


class ExchangeDesk:
    """Books by broker account, filled whole at the touch of a scripted market."""

    def __init__(self, market: MarketData, clock: Clock, ids: TradeIds) -> None:
        self._market = market
        self._clock = clock
        self._ids = ids
        self._books: defaultdict[str, MockBook] = defaultdict(MockBook)
        self._parts: deque[Decimal] = deque()

    def fill_next_only(self, quantity: int) -> None:
        """Fill this much of the next order, and never the rest by itself."""
        self._parts.append(Decimal(quantity))

    async def book(self, account: str) -> MockBook:
        """Return an account's book as the quotes of now leave it."""
        book = self._books[account]
        waiting = {order.instrument for order in book.orders.values() if order.open_quantity > 0}
        if waiting:
            quotes = await self._market.get_quotes(sorted(waiting, key=str))
            book.match({row.instrument: row for row in quotes}, self._clock.now(), self._ids)
        return book

    async def take(self, account: str, order: BrokerOrder, *, at_once: bool) -> None:
        """Put an order into the book and fill what may trade now."""
        book = self._books[account]
        book.orders[order.broker_order_id] = order
        if self._parts:
            book.stuck.add(order.broker_order_id)
            await self.fill_more(account, order.broker_order_id, self._parts.popleft())
        await self.book(account)
        placed = book.orders[order.broker_order_id]
        if at_once and placed.open_quantity > 0:
            book.cancel_rest(placed, self._clock.now(), "not filled at once")

    async def fill_more(self, account: str, order_id: str, quantity: Decimal) -> None:
        """Trade a quantity of an order at the touch."""
        book = self._books[account]
        order = book.orders[order_id]
        quotes = await self._market.get_quotes((order.instrument,))
        price = fill_price(order, quotes[0]) if quotes else None
        assert price is not None, "the order may not trade now"
        book.fill(order, quantity, price, self._clock.now(), self._ids)

    async def cancel(self, account: str, order_id: str) -> str | None:
        """Cancel what is open of an order, or say why not."""
        book = await self.book(account)
        order = book.orders.get(order_id)
        if order is None:
            return "order not found"
        if order.open_quantity == 0:
            return f"order is already {order.status.lower()}"
        book.cancel_rest(order, self._clock.now(), "cancelled on request")
        return None

    async def positions(self, account: str) -> tuple[Position, ...]:
        """Return what the fills add up to."""
        return net_positions((await self.book(account)).trades)

    async def free(self, account: str, instrument: InstrumentRef) -> Decimal:
        """Return what is held and promised to no open sell."""
        held = [p.quantity for p in await self.positions(account) if p.instrument == instrument]
        book = await self.book(account)
        promised = [
            order.open_quantity
            for order in book.orders.values()
            if order.instrument == instrument and order.side is Side.SELL
        ]
        return sum(held, Decimal(0)) - sum(promised, Decimal(0))

    async def cash(self, account: str) -> Decimal:
        """Return the opening cash less what was bought and more what was sold."""
        trades = (await self.book(account)).trades
        return OPENING_CASH - sum(t.side.sign * t.quantity * t.price for t in trades)


def waiting_status(terms: OrderTerms) -> BrokerOrderStatus:
    """Return the status an order enters the book with."""
    waits = terms.order_type.has_trigger_price
    return BrokerOrderStatus.TRIGGER_PENDING if waits else BrokerOrderStatus.OPEN
