"""Alpaca as a broker: each of our accounts is one Alpaca account with keys of its own."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar
from urllib.parse import quote

from adapters.brokers.alpaca.auth import AlpacaKeys, mode_of
from adapters.brokers.alpaca.listings import Listings
from adapters.brokers.alpaca.mapping import (
    Row,
    ack_of,
    as_row,
    as_rows,
    free_to_sell,
    margins_of,
    order_body,
    order_of,
    position_of,
    text,
    time_of,
    trade_of,
    with_legs,
)
from adapters.brokers.alpaca.wire import AlpacaWire, Waits
from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from adapters.ports import BrokerCapabilities, Clock, IdFactory, InstrumentLookup
from riskgate.contracts.base import decimal_text
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderAck,
    BrokerTrade,
    OrderIntent,
    OrderType,
    Product,
    Side,
    Validity,
)
from riskgate.contracts.snapshots import BrokerSnapshot

# An order of ours lives a day at most; a week reaches over every run of closed days.
LOOK_BACK: Final = timedelta(days=7)
ORDERS_PAGE: Final = 500
FILLS_PAGE: Final = 100
STEP_BACK: Final = timedelta(microseconds=1)

T = TypeVar("T")


class AlpacaBroker:
    """Implements BrokerAdapter for US shares, CNC only.

    A plain sell of what is not held opens a short at Alpaca, so a sell looks first and is refused
    beyond what is free. Alpaca takes a tag once only, and says so of a second one.
    """

    def __init__(
        self,
        *,
        accounts: Mapping[str, AlpacaKeys],
        url: str,
        clock: Clock,
        ids: IdFactory,
        instruments: InstrumentLookup,
        waits: Waits | None = None,
        orders_page: int = ORDERS_PAGE,
    ) -> None:
        self._wires = {
            account_id: AlpacaWire(keys, url, waits or Waits())
            for account_id, keys in accounts.items()
        }
        self._mode = mode_of(url)
        self._clock = clock
        self._ids = ids
        self._listings = Listings(instruments)
        self._orders_page = orders_page

    @property
    def capabilities(self) -> BrokerCapabilities:
        return BrokerCapabilities(
            name="alpaca",
            mode=self._mode,
            products=frozenset({Product.CNC}),
            order_types=frozenset(OrderType),
            finds_orders_by_tag=True,
            refuses_repeated_tags=True,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        for wire in self._wires.values():
            wire.close()

    async def get_snapshot(self, account_id: str) -> BrokerSnapshot:
        """Return the book; all of it stands under positions, for Alpaca knows no holdings."""
        as_of = self._clock.now()
        wire = self._wire(account_id)
        orders = await self._orders(wire)
        positions = await wire.read("/positions")
        account = await wire.read("/account")
        return _readable(
            lambda: BrokerSnapshot(
                snapshot_id=self._ids.new("snap"),
                account_id=account_id,
                source="alpaca",
                as_of=as_of,
                holdings=(),
                positions=tuple(
                    position_of(as_row(row), self._listings.ref_of) for row in as_rows(positions)
                ),
                orders=orders,
                margins=margins_of(as_row(account)),
            )
        )

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        """Send one order once."""
        wire = self._wire(intent.account_id)
        fault = self._listings.fault(intent) or _stop_at_once(intent)
        if fault is not None:
            raise OrderRejected(fault)
        if intent.side is Side.SELL:
            await self._require_held(wire, intent)
        reply = await wire.post("/orders", order_body(intent))
        try:
            return ack_of(reply, intent, self._clock.now())
        except ValueError as odd:
            raise OutcomeUnknown(f"Alpaca's answer cannot be read: {odd}") from odd

    async def cancel_order(self, account_id: str, broker_order_id: str) -> None:
        """Ask to cancel what is open; an unknown or ended order is OrderRejected."""
        await self._wire(account_id).delete(f"/orders/{quote(broker_order_id, safe='')}")

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        """Return the open orders and those of the last week, oldest first."""
        return await self._orders(self._wire(account_id))

    async def get_trades(self, account_id: str) -> Sequence[BrokerTrade]:
        """Return the fills of the last week, each once, oldest first."""
        wire = self._wire(account_id)
        since = self._clock.now() - LOOK_BACK
        params = {"after": _stamp(since), "direction": "asc", "page_size": str(FILLS_PAGE)}
        found: dict[str, Row] = {}
        while True:
            rows = await _rows(wire, "/account/activities/FILL", params)
            before = len(found)
            found.update({_id(row): row for row in rows})
            if len(rows) < FILLS_PAGE:
                break
            if len(found) == before:
                raise BrokerUnavailable("Alpaca shows the same page of fills again")
            params["page_token"] = _id(rows[-1])
        return _readable(
            lambda: tuple(trade_of(row, self._listings.ref_of) for row in found.values())
        )

    async def find_orders_by_tag(self, account_id: str, tag: str) -> Sequence[BrokerOrder]:
        """Return the one order with the tag, of any day, or none."""
        params = {"client_order_id": tag}
        found = await self._wire(account_id).read_if_there("/orders:by_client_order_id", params)
        if found is None:
            return ()
        order = _readable(lambda: order_of(as_row(found), self._listings.ref_of))
        if order.tag != tag:
            raise BrokerUnavailable("Alpaca answered with an order of another tag")
        return (order,)

    def _wire(self, account_id: str) -> AlpacaWire:
        wire = self._wires.get(account_id)
        if wire is None:
            raise BrokerUnavailable(f"account {account_id} has no Alpaca keys; nothing was asked")
        return wire

    async def _orders(self, wire: AlpacaWire) -> tuple[BrokerOrder, ...]:
        since = self._clock.now() - LOOK_BACK
        rows = await self._every_order(wire, {"status": "open"})
        # Read second, so that what ended meanwhile is shown as it is now.
        rows.update(await self._every_order(wire, {"status": "all", "after": _stamp(since)}))
        orders = _readable(
            lambda: [order_of(row, self._listings.ref_of) for row in with_legs(list(rows.values()))]
        )
        return tuple(sorted(orders, key=lambda order: (order.placed_at, order.broker_order_id)))

    async def _every_order(self, wire: AlpacaWire, asked: Mapping[str, str]) -> dict[str, Row]:
        params = {**asked, "limit": str(self._orders_page), "direction": "asc", "nested": "true"}
        found: dict[str, Row] = {}
        while True:
            rows = await _rows(wire, "/orders", params)
            before = len(found)
            found.update({_id(row): row for row in rows})
            if len(rows) < self._orders_page:
                return found
            if len(found) == before:
                raise BrokerUnavailable("Alpaca has more orders of one moment than a page shows")
            # `after` leaves out its own moment, which the next page may share.
            params["after"] = _stamp(_placed(rows[-1]) - STEP_BACK)

    async def _require_held(self, wire: AlpacaWire, intent: OrderIntent) -> None:
        """Raise OrderRejected when a sell would open or widen a short."""
        path = f"/positions/{quote(intent.instrument.tradingsymbol, safe='')}"
        held = await wire.read_if_there(path, {})
        free = Decimal(0)
        if held is not None:
            free = _readable(lambda: free_to_sell(as_row(held)))
        if intent.quantity > free:
            raise OrderRejected(
                f"only {decimal_text(free)} of {intent.instrument} are free to sell and CNC sells"
                f" nothing short, was {decimal_text(intent.quantity)}"
            )


async def _rows(wire: AlpacaWire, path: str, params: Mapping[str, str]) -> list[Row]:
    answer = await wire.read(path, params)
    return _readable(lambda: [as_row(row) for row in as_rows(answer)])


def _readable(parse: Callable[[], T]) -> T:
    """Return what a read says; a part of it that cannot be read spoils the whole."""
    try:
        return parse()
    except ValueError as odd:
        raise BrokerUnavailable(f"Alpaca's answer cannot be read: {odd}") from odd


def _stop_at_once(intent: OrderIntent) -> str | None:
    if intent.validity is Validity.IOC and intent.order_type.has_trigger_price:
        return "Alpaca takes no stop order that must fill at once; use DAY"
    return None


def _id(row: Row) -> str:
    return _readable(lambda: text(row, "id"))


def _placed(row: Row) -> datetime:
    return _readable(lambda: time_of(row.get("submitted_at") or row.get("created_at")))


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
