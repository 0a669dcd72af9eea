"""Ways in which a broker's book comes to differ from ours, each with the cause that is true."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random

import httpx

from adapters.brokers.mock.book import MockBook
from adapters.brokers.mock.script import LoseBeforeAccept, Partial
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    BrokerTrade,
    OrderType,
    Product,
    Side,
)
from riskgate.contracts.snapshots import BrokerSnapshot, Position
from riskgate.contracts.traces import DeltaCause
from tests.fakes.clock import MORNING
from tests.integration.benches import Bench
from tests.integration.driving import MOCK_ACCOUNT, approve, orders_of, propose

LATE = MORNING + timedelta(hours=5, minutes=25)
Causes = dict[str, DeltaCause]
Tamper = Callable[[], Causes]


@dataclass
class Play:
    """One desk's market and broker, the client, and what the dice say."""

    bench: Bench
    client: httpx.AsyncClient
    dice: Random
    numbers: int = 0
    views: list[Callable[[Position], Position | None]] = field(default_factory=list)

    @property
    def book(self) -> MockBook:
        return self.bench.mock._books[MOCK_ACCOUNT]

    async def buy(self, ref: InstrumentRef, quantity: int, product: str = "cnc") -> BrokerOrder:
        """Buy through the desk and return the broker's order, or what is planted for it."""
        self.bench.clock.advance(seconds=7)
        known = set(self.book.orders)
        card = await propose(self.client, f"buy {quantity} {ref} at market, {product}")
        done = await approve(self.client, card)
        assert done.status_code == 200, done.text
        new = [order for key, order in self.book.orders.items() if key not in known]
        return new[0] if new else order_of(ref, Side.BUY, quantity, "nowhere")

    def foreign(
        self, ref: InstrumentRef, side: Side, quantity: int, **changes: object
    ) -> BrokerOrder:
        """Plant an order of others that has filled."""
        self.numbers += 1
        made = order_of(ref, side, quantity, f"foreign-{self.numbers}")
        traded_at = changes.pop("traded_at", self.bench.clock.now())
        order = made.model_copy(
            update={
                "status": BrokerOrderStatus.COMPLETE,
                "filled_quantity": made.quantity,
                "limit_price": Decimal(100),
                **changes,
            }
        )
        self.bench.mock.plant_order(MOCK_ACCOUNT, order)
        trade = BrokerTrade(
            trade_id=f"ft-{self.numbers}",
            broker_order_id=order.broker_order_id,
            instrument=ref,
            side=side,
            product=order.product,
            quantity=order.quantity,
            price=Decimal(100),
            traded_at=traded_at,
        )
        self.book.trades.append(trade)
        return order

    def seen(self, snapshot: BrokerSnapshot) -> BrokerSnapshot:
        """Show the book as the planted views bend it."""
        shown: list[Position] = []
        for position in snapshot.positions:
            bent: Position | None = position
            for view in self.views:
                bent = None if bent is None else view(bent)
            shown += [] if bent is None else [bent]
        return snapshot.model_copy(update={"positions": tuple(shown)})


def order_of(ref: InstrumentRef, side: Side, quantity: int, name: str) -> BrokerOrder:
    return BrokerOrder(
        instrument=ref,
        side=side,
        quantity=Decimal(quantity),
        product=Product.CNC,
        order_type=OrderType.LIMIT,
        limit_price=Decimal(1),
        broker_order_id=name,
        tag=None,
        status=BrokerOrderStatus.OPEN,
        placed_at=MORNING,
        updated_at=MORNING,
    )


def position_key(ref: InstrumentRef, product: Product = Product.CNC) -> str:
    return f"position:{ref}:{product}"


async def our_id(play: Play, ref: InstrumentRef) -> str:
    found = [o for o in await orders_of(play.client) if o["instrument"] == ref.model_dump()]
    return f"order:{found[0]['order_id']}"


async def bought_elsewhere(play: Play, ref: InstrumentRef) -> Tamper:
    size = play.dice.randint(1, 50)

    def tamper() -> Causes:
        play.foreign(ref, play.dice.choice(list(Side)), size)
        return {position_key(ref): DeltaCause.MANUAL_TRADE}

    return tamper


async def sold_elsewhere(play: Play, ref: InstrumentRef) -> Tamper:
    size = play.dice.randint(2, 20)
    await play.buy(ref, size)

    def tamper() -> Causes:
        for part in (1, play.dice.randint(1, size)):
            play.foreign(ref, Side.SELL, part)
        return {position_key(ref): DeltaCause.MANUAL_TRADE}

    return tamper


async def ordered_elsewhere(play: Play, ref: InstrumentRef) -> Tamper:
    def tamper() -> Causes:
        order = order_of(ref, Side.BUY, 3, f"open-{ref.tradingsymbol}")
        play.bench.mock.plant_order(MOCK_ACCOUNT, order)
        return {f"order:{order.broker_order_id}": DeltaCause.MANUAL_TRADE}

    return tamper


async def filled_late(play: Play, ref: InstrumentRef) -> Tamper:
    """An order fills further after it was cancelled here and there."""
    play.bench.mock.script(Partial(Decimal("0.4")))
    order = await play.buy(ref, 10)
    key = await our_id(play, ref)
    done = await play.client.post(f"/api/v1/orders/{key.removeprefix('order:')}/cancel")
    assert done.status_code == 200, done.text
    late = Decimal(play.dice.randint(1, 6))

    def tamper() -> Causes:
        name = order.broker_order_id
        clock, ids = play.bench.clock.now(), play.bench.mock._ids
        play.book.fill(play.book.orders[name], late, Decimal(100), clock, ids)
        filled = play.book.orders[name]
        play.book.orders[name] = filled.model_copy(
            update={
                "status": BrokerOrderStatus.CANCELLED,
                "cancelled_quantity": filled.quantity - filled.filled_quantity,
            }
        )
        missed = (position_key(ref), key, f"fill:{name}:{play.book.trades[-1].trade_id}")
        return dict.fromkeys(missed, DeltaCause.MISSED_FILL)

    return tamper


async def squared_off(play: Play, ref: InstrumentRef) -> Tamper:
    size, late = play.dice.randint(1, 20), play.dice.random() < 0.5
    await play.buy(ref, size, "mis")

    def tamper() -> Causes:
        how: dict[str, object] = {"traded_at": LATE} if late else {"tag": "AUTO_SQUARE_OFF"}
        play.foreign(ref, Side.SELL, size, product=Product.MIS, **how)
        return {position_key(ref, Product.MIS): DeltaCause.SQUARE_OFF}

    return tamper


async def split(play: Play, ref: InstrumentRef) -> Tamper:
    size, ratio = 10 * play.dice.randint(1, 3), play.dice.choice(["2", "5", "10", "1.5", "0.1"])
    await play.buy(ref, size)

    def view(position: Position) -> Position:
        if position.instrument != ref:
            return position
        changes = {
            "quantity": position.quantity * Decimal(ratio),
            "average_price": (position.average_price / Decimal(ratio)).quantize(Decimal("0.01")),
        }
        return position.model_copy(update=changes)

    def tamper() -> Causes:
        play.views.append(view)
        return {position_key(ref): DeltaCause.CORPORATE_ACTION}

    return tamper


async def sent_twice(play: Play, ref: InstrumentRef) -> Tamper:
    order = await play.buy(ref, 10)
    key, filled = await our_id(play, ref), play.dice.random() < 0.5

    def tamper() -> Causes:
        if filled:
            twin = play.foreign(ref, Side.BUY, 10, tag=order.tag)
            trade = f"fill:{twin.broker_order_id}:{play.book.trades[-1].trade_id}"
            return dict.fromkeys((key, position_key(ref), trade), DeltaCause.DUPLICATE)
        twin = order_of(ref, Side.BUY, 10, f"twin-{ref.tradingsymbol}")
        play.bench.mock.plant_order(MOCK_ACCOUNT, twin.model_copy(update={"tag": order.tag}))
        return {key: DeltaCause.DUPLICATE}

    return tamper


async def unexplained(play: Play, ref: InstrumentRef) -> Tamper:
    size = play.dice.choice([-7, 3, 40])

    def tamper() -> Causes:
        held = Position(
            instrument=ref, product=Product.CNC, quantity=size, average_price=Decimal(2000)
        )
        play.bench.mock.hold(MOCK_ACCOUNT, held)
        return {position_key(ref): DeltaCause.UNKNOWN}

    return tamper


async def lost(play: Play, ref: InstrumentRef) -> Tamper:
    """Sent and never seen, or seen and forgotten."""
    forgotten = play.dice.random() < 0.5
    play.bench.mock.script(Partial(Decimal("0.4")) if forgotten else LoseBeforeAccept())
    order = await play.buy(ref, 10)
    key = await our_id(play, ref)

    def tamper() -> Causes:
        if forgotten:
            del play.book.orders[order.broker_order_id]
        return {key: DeltaCause.UNKNOWN}

    return tamper


async def not_shown_yet(play: Play, ref: InstrumentRef) -> Tamper:
    """An order or a position that is too young for the broker's book; play it last."""
    if play.dice.random() < 0.5:
        play.bench.mock.hide_new_orders(reads=100_000)
        await play.buy(ref, 10)
        key = await our_id(play, ref)
        return lambda: {key: DeltaCause.BROKER_LAG}
    await play.buy(ref, 10)

    def tamper() -> Causes:
        play.views.append(lambda position: None if position.instrument == ref else position)
        return {position_key(ref): DeltaCause.BROKER_LAG}

    return tamper


SHAPES: tuple[Callable[[Play, InstrumentRef], Awaitable[Tamper]], ...] = (
    bought_elsewhere,
    sold_elsewhere,
    ordered_elsewhere,
    filled_late,
    squared_off,
    split,
    sent_twice,
    unexplained,
    lost,
)
