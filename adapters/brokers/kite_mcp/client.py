"""The Kite broker over the tools of one logged-in session."""

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from pydantic import JsonValue

from adapters.brokers.kite_mcp import mapping, replies
from adapters.brokers.kite_mcp.arguments import (
    ORDER_TYPES,
    PRODUCTS,
    VARIETY,
    cancel_arguments,
    change_arguments,
    order_id_in_digits,
    place_arguments,
)
from adapters.brokers.kite_mcp.fields import Row, Unreadable, text
from adapters.brokers.kite_mcp.ports import (
    KiteReply,
    KiteTools,
    ToolsInterrupted,
    ToolsUnavailable,
)
from adapters.errors import (
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
    OrderChange,
    ReachBack,
)
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderAck,
    BrokerOrderStatus,
    BrokerTrade,
    ExecutionMode,
    OrderIntent,
)
from riskgate.contracts.snapshots import BrokerSnapshot

# The server gives up on Kite after 7 s and the order may still be booked: three times that, and
# time for Kite's own book to show it.
SETTLE_S: Final = 30
# Zerodha asks that a quantity be cut into ten orders at most, the number it takes in a second.
SLICES_MAX: Final = 10

T = TypeVar("T")
Learn = Callable[[Iterable[InstrumentRef]], Awaitable[None]]


async def knows_already(_refs: Iterable[InstrumentRef]) -> None:
    """Ask nobody: the instruments are all known."""


class KiteBroker:
    """One account at Zerodha; implements ChangingBroker.

    A session is one person's login, so a broker serves one account and refuses every other.
    `learn` makes instruments known before an order of them is checked.
    """

    def __init__(
        self,
        *,
        account_id: str,
        tools: KiteTools,
        clock: Clock,
        ids: IdFactory,
        instruments: InstrumentLookup,
        learn: Learn = knows_already,
    ) -> None:
        self._account_id = account_id
        self._tools = tools
        self._clock = clock
        self._ids = ids
        self._instruments = instruments
        self._learn = learn

    @property
    def capabilities(self) -> BrokerCapabilities:
        return BrokerCapabilities(
            name="kite",
            mode=ExecutionMode.LIVE,
            products=frozenset().union(*PRODUCTS.values()),
            order_types=ORDER_TYPES,
            finds_orders_by_tag=True,
            changes_orders=True,
            makes_ready=True,
            settle_s=SETTLE_S,
            orders_reach_back=ReachBack.SESSION,
            slices_max=SLICES_MAX,
        )

    async def get_snapshot(self, account_id: str) -> BrokerSnapshot:
        """Return the whole book; raises BrokerUnavailable when a part of it has no form here."""
        self._serve(account_id)
        # Kite stamps whole seconds; ours is cut to the second so that the two compare.
        as_of = self._clock.now().replace(microsecond=0)
        order_rows = await self._rows("get_orders")
        position_rows = await self._rows("get_positions")
        holding_rows = await self._rows("get_holdings")
        margin_row = replies.object_of("get_margins", await self._read("get_margins"))
        book = _understood(lambda: mapping.orders_of(order_rows, read_at=as_of, tick=self._tick))
        if book.strangers:
            raise BrokerUnavailable(
                f"Kite's book holds what SigmaTrader cannot judge: {'; '.join(book.strangers)}"
            )
        return BrokerSnapshot(
            snapshot_id=self._ids.new("snap"),
            account_id=account_id,
            source="kite",
            as_of=as_of,
            holdings=_understood(
                lambda: mapping.holdings_of(holding_rows, position_rows, book.orders)
            ),
            positions=_understood(lambda: mapping.positions_of(position_rows)),
            orders=book.orders,
            margins=_understood(lambda: mapping.margins_of(margin_row, holding_rows)),
        )

    async def make_ready(self, intent: OrderIntent) -> None:
        """Ask Kite beforehand what an order waits for: instrument, login and tools.

        What stands in its way is told by `place_order`.
        """
        self._serve(intent.account_id)
        await self._know(intent.instrument)
        with contextlib.suppress(ToolsUnavailable):
            await self._tools.make_ready("place_order")

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        """Send one order once, and look whether the book shows what was meant.

        What the exchange would refuse is refused here, where the reason can be told. Kite's own
        refusals come back without one and are OutcomeUnknown, until the tag is looked up.
        """
        self._serve(intent.account_id)
        arguments = place_arguments(intent, self._instruments.get(intent.instrument))
        reply = await self._write("place_order", arguments)
        order_id = replies.order_id_of("place_order", reply)
        await self._look_back(intent, order_id)
        return BrokerOrderAck(
            broker_order_id=order_id, tag=intent.tag, accepted_at=self._clock.now()
        )

    async def cancel_order(self, account_id: str, broker_order_id: str) -> None:
        """Cancel what is open of an order; one that the book shows as ended is OrderRejected.

        The book is read first, for the order's variety. An order it does not show, or a book that
        does not answer, holds no cancel up: the order is taken for one of ours.
        """
        self._serve(account_id)
        order_id = order_id_in_digits(broker_order_id)
        status, variety = await self._status_and_variety(order_id)
        if status in mapping.FINAL:
            raise OrderRejected(f"order {order_id} is already {status} at Kite")
        reply = await self._write("cancel_order", cancel_arguments(order_id, variety or VARIETY))
        if replies.order_id_of("cancel_order", reply) != order_id:
            raise OutcomeUnknown(f"Kite answered for another order than {order_id}; look again")
        status, _ = await self._status_and_variety(order_id)
        # A book that does not show the order, or does not answer, is no word against Kite's.
        if status not in {"", *mapping.FINAL}:
            raise OutcomeUnknown(f"Kite took the cancel of {order_id}, which is still {status}")

    async def change_order(
        self, account_id: str, broker_order_id: str, change: OrderChange
    ) -> BrokerOrder:
        """Change an order once and return it as the book shows it then.

        The book is read first: this server takes what is left out for something else.
        """
        self._serve(account_id)
        order_id = order_id_in_digits(broker_order_id)
        row, order = await self._shown(order_id)
        if order.open_quantity == 0:
            raise OrderRejected(f"order {order_id} is {order.status} at Kite")
        instrument = self._instruments.get(order.instrument)
        arguments = _understood(lambda: change_arguments(order, change, instrument, row=row))
        reply = await self._write("modify_order", arguments)
        if replies.order_id_of("modify_order", reply) != order_id:
            raise OutcomeUnknown(f"Kite answered for another order than {order_id}; look again")
        return await self._seen_changed(order_id, change)

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        """Return today's orders but those that have no form here, which are never ours."""
        self._serve(account_id)
        return await self._orders(lambda _row: True)

    async def get_trades(self, account_id: str) -> Sequence[BrokerTrade]:
        """Return today's fills but those of orders that have no form here."""
        self._serve(account_id)
        read_at, rows = self._clock.now(), await self._rows("get_trades")
        return _understood(lambda: mapping.trades_of(rows, read_at=read_at, tick=self._tick))

    async def find_orders_by_tag(self, account_id: str, tag: str) -> Sequence[BrokerOrder]:
        """Return today's orders with the tag; Kite takes a tag as often as it is sent."""
        self._serve(account_id)
        found = await self._orders(lambda row: tag in mapping.tags_of(row))
        return tuple(
            order if order.tag == tag else order.model_copy(update={"tag": tag}) for order in found
        )

    async def _orders(self, wanted: Callable[[Row], bool]) -> tuple[BrokerOrder, ...]:
        read_at, rows = self._clock.now(), await self._rows("get_orders")
        return _understood(
            lambda: mapping.orders_of(filter(wanted, rows), read_at=read_at, tick=self._tick)
        ).orders

    async def _status_and_variety(self, order_id: str) -> tuple[str, str]:
        try:
            rows = await self._rows("get_orders")
            row = next((row for row in rows if row.get("order_id") == order_id), {})
            return text(row, "status"), text(row, "variety")
        except (BrokerUnavailable, Unreadable):
            return "", ""

    async def _look_back(self, intent: OrderIntent, order_id: str) -> None:
        try:
            rows = await self._rows("get_orders")
            own = [row for row in rows if row.get("order_id") == order_id]
            book = mapping.orders_of(own, read_at=self._clock.now(), tick=self._tick)
        except (BrokerUnavailable, Unreadable):
            # The id is the broker's word; whoever follows the order reads the book again.
            return
        for order in book.orders:
            # First, for the end of another order than ours says nothing of ours.
            wrong = mapping.differences(intent, order)
            if wrong:
                raise OutcomeUnknown(f"Kite's order {order_id} differs: {'; '.join(wrong)}")
            if order.status is BrokerOrderStatus.REJECTED and order.filled_quantity == 0:
                raise OrderRejected(order.reason or f"Kite rejected order {order_id} unexplained")

    async def _shown(self, order_id: str) -> tuple[Row, BrokerOrder]:
        read_at, rows = self._clock.now(), await self._rows("get_orders")
        row = next((row for row in rows if row.get("order_id") == order_id), None)
        if row is None:
            raise OrderRejected(f"order {order_id} is not in today's book at Kite")
        return row, _understood(lambda: mapping.order_of(row, read_at=read_at, tick=self._tick))

    async def _seen_changed(self, order_id: str, change: OrderChange) -> BrokerOrder:
        try:
            _, order = await self._shown(order_id)
        except (BrokerUnavailable, OrderRejected) as unseen:
            raise OutcomeUnknown(f"Kite took the change; {unseen.message}") from unseen
        shown = OrderChange(
            quantity=order.quantity,
            limit_price=order.limit_price,
            trigger_price=order.trigger_price,
        )
        if shown != change:
            raise OutcomeUnknown(f"Kite took the change of {order_id} and shows it otherwise")
        return order

    async def _rows(self, tool: str) -> Sequence[Row]:
        # Without arguments: with `limit` the server pages over a list that changes under it.
        return replies.rows_of(tool, await self._read(tool))

    async def _read(self, tool: str) -> KiteReply:
        try:
            return await self._tools.call(tool, {})
        except (ToolsUnavailable, ToolsInterrupted) as failed:
            raise BrokerUnavailable(f"Kite was not asked {tool}: {failed.message}") from failed

    async def _write(self, tool: str, arguments: Mapping[str, JsonValue]) -> KiteReply:
        try:
            return await self._tools.call(tool, arguments)
        except ToolsUnavailable as unsent:
            raise BrokerUnavailable(f"{tool} was not sent to Kite: {unsent.message}") from unsent
        except ToolsInterrupted as lost:
            raise OutcomeUnknown(f"{tool} may have reached Kite: {lost.message}") from lost

    async def _know(self, ref: InstrumentRef) -> None:
        try:
            await self._learn([ref])
        except MarketDataUnavailable:
            # What was known of it before decides.
            return

    def _serve(self, account_id: str) -> None:
        if account_id != self._account_id:
            raise BrokerUnavailable(
                f"this Kite login is of account {self._account_id}, asked for {account_id}"
            )

    def _tick(self, ref: InstrumentRef) -> Decimal | None:
        instrument = self._instruments.get(ref)
        return None if instrument is None else instrument.tick_size


def _understood(read: Callable[[], T]) -> T:
    try:
        return read()
    except (Unreadable, mapping.Stranger) as fault:
        raise BrokerUnavailable(f"Kite's book cannot be read: {fault}") from None
