"""Tradier as a broker: each of our accounts is one account number under one token."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import quote

from adapters.brokers.tradier.auth import TradierAccess, mode_of
from adapters.brokers.tradier.fills import Marks, fills_of, marked, read_marks, written
from adapters.brokers.tradier.listings import Listings
from adapters.brokers.tradier.mapping import (
    Row,
    ack_of,
    margins_of,
    order_form,
    order_of,
    position_of,
    refusal_in,
    rows_in,
    with_legs,
)
from adapters.brokers.tradier.wire import TradierWire, Waits
from adapters.errors import (
    BrokerUnavailable,
    OrderRejected,
    OutcomeUnknown,
    PaperStoreUnavailable,
)
from adapters.ports import (
    BrokerCapabilities,
    Clock,
    IdFactory,
    InstrumentLookup,
    PaperStateStore,
)
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderAck,
    BrokerTrade,
    OrderIntent,
    OrderType,
    Product,
)
from riskgate.contracts.snapshots import BrokerSnapshot

LOOK_BACK: Final = timedelta(days=7)
# Tradier asks not to be polled for the orders of earlier sessions.
WEEK_EVERY: Final = timedelta(hours=1)
PAGE: Final = 100
# Tradier's own page size: a page with fewer rows is the last, however few it gives at most.
SMALLEST_PAGE: Final = 25
SAVES: Final = 5

T = TypeVar("T")


class TradierBroker:
    """Implements BrokerAdapter for US shares: CNC, DAY and whole shares only.

    `store` keeps the fills seen so far (see fills.py) under the account's id; nobody else may
    keep anything there. Tradier takes a tag it has seen before, and finds none: we look through
    the orders. Those of earlier sessions are read at first, each hour, and for a tag that is
    nowhere else; in between they are shown as they were then.
    """

    def __init__(
        self,
        *,
        access: TradierAccess,
        clock: Clock,
        ids: IdFactory,
        instruments: InstrumentLookup,
        store: PaperStateStore,
        waits: Waits | None = None,
    ) -> None:
        self._access = access
        self._wire = TradierWire(access.token, access.url, waits or Waits())
        self._clock = clock
        self._ids = ids
        self._listings = Listings(instruments)
        self._store = store
        self._weeks: dict[str, tuple[datetime, dict[str, BrokerOrder]]] = {}

    @property
    def capabilities(self) -> BrokerCapabilities:
        return BrokerCapabilities(
            name="tradier",
            mode=mode_of(self._access.url),
            products=frozenset({Product.CNC}),
            order_types=frozenset(OrderType),
            finds_orders_by_tag=True,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._wire.close()

    async def get_snapshot(self, account_id: str) -> BrokerSnapshot:
        """Return the book; all of it stands under positions, for Tradier knows no holdings."""
        as_of = self._clock.now()
        path = self._path(account_id)
        orders = await self._orders(account_id)
        positions = await self._wire.read(f"{path}/positions")
        balances = await self._wire.read(f"{path}/balances")
        return _readable(
            lambda: BrokerSnapshot(
                snapshot_id=self._ids.new("snap"),
                account_id=account_id,
                source="tradier",
                as_of=as_of,
                holdings=(),
                positions=tuple(
                    position_of(row, self._listings.ref_of)
                    for row in rows_in(positions, "positions", "position")
                ),
                orders=orders,
                margins=margins_of(balances, self._access.accounts[account_id]),
            )
        )

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        """Send one order once."""
        path = self._path(intent.account_id)
        fault = self._listings.fault(intent)
        if fault is not None:
            raise OrderRejected(fault)
        form = order_form(intent, self._listings.symbol_of(intent.instrument))
        reply = await self._wire.write("POST", f"{path}/orders", form)
        try:
            refusal = refusal_in(reply)
            ack = None if refusal else ack_of(reply, intent, self._clock.now())
        except ValueError as odd:
            raise OutcomeUnknown(f"Tradier's answer cannot be read: {odd}") from odd
        if ack is None:
            raise OrderRejected(f"Tradier refused: {refusal}")
        return ack

    async def cancel_order(self, account_id: str, broker_order_id: str) -> None:
        """Ask to cancel what is open; an unknown or ended order is OrderRejected."""
        path = f"{self._path(account_id)}/orders/{quote(broker_order_id, safe='')}"
        reply = await self._wire.write("DELETE", path)
        try:
            refusal = refusal_in(reply)
        except ValueError as odd:
            raise OutcomeUnknown(f"Tradier's answer cannot be read: {odd}") from odd
        if refusal is not None:
            raise OrderRejected(f"Tradier refused: {refusal}")

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        """Return the orders of the session and of the last week, oldest first."""
        return await self._orders(account_id)

    async def get_trades(self, account_id: str) -> Sequence[BrokerTrade]:
        """Return what is filled of those orders, cut as it was first seen; see fills.py.

        Raises BrokerUnavailable also when what was seen cannot be kept.
        """
        self._path(account_id)
        for _ in range(SAVES):
            # Read before the orders, so that another's later marks are never taken for ours.
            version, marks = await self._marks(account_id)
            orders = await self._orders(account_id)
            seen = marked(marks, orders, self._clock.now())
            if seen == marks or await self._keep(account_id, version, seen):
                return tuple(
                    fill
                    for order in orders
                    for fill in fills_of(order, seen.get(order.broker_order_id, ()))
                )
        raise BrokerUnavailable("the fills seen at Tradier could not be kept; ask again")

    async def find_orders_by_tag(self, account_id: str, tag: str) -> Sequence[BrokerOrder]:
        """Return every order with the tag; before it says none, it reads the whole week anew."""
        found = [order for order in await self._orders(account_id) if order.tag == tag]
        if found:
            return found
        week = await self._week(account_id)
        return [order for order in _by_age(week) if order.tag == tag]

    def _path(self, account_id: str) -> str:
        number = self._access.accounts.get(account_id)
        if number is None:
            raise BrokerUnavailable(
                f"account {account_id} has no Tradier number; nothing was asked"
            )
        return f"/accounts/{quote(number, safe='')}"

    async def _orders(self, account_id: str) -> tuple[BrokerOrder, ...]:
        """Return the week's orders, those of the session as they are now."""
        now, (read_at, earlier) = self._clock.now(), self._weeks.get(account_id, (None, {}))
        if read_at is None or now - read_at >= WEEK_EVERY:
            earlier = await self._week(account_id)
        session = await self._pages(account_id, {})
        return _by_age({**earlier, **session})

    async def _week(self, account_id: str) -> dict[str, BrokerOrder]:
        """Read the orders of the last week, and keep them for what the session leaves out."""
        now = self._clock.now()
        since = (now - LOOK_BACK).date().isoformat()
        week = await self._pages(account_id, {"filter": "all", "start": since})
        self._weeks[account_id] = (now, week)
        return week

    async def _pages(self, account_id: str, asked: Mapping[str, str]) -> dict[str, BrokerOrder]:
        path = f"{self._path(account_id)}/orders"
        found: dict[str, BrokerOrder] = {}
        page = 1
        while True:
            params = {"includeTags": "true", "page": str(page), "limit": str(PAGE), **asked}
            rows = _rows(await self._wire.read(path, params))
            before = len(found)
            found.update({order.broker_order_id: order for order in self._read(rows)})
            if len(rows) < SMALLEST_PAGE or len(found) == before:
                return found
            page += 1

    def _read(self, rows: Sequence[Row]) -> list[BrokerOrder]:
        return _readable(lambda: [order_of(row, self._listings.ref_of) for row in with_legs(rows)])

    async def _marks(self, account_id: str) -> tuple[int, Marks]:
        try:
            kept = await self._store.load(account_id)
        except PaperStoreUnavailable as down:
            raise BrokerUnavailable(
                f"the fills seen so far cannot be read: {down.message}"
            ) from down
        if kept is None:
            return 0, {}
        version, stored = kept
        return version, _readable(lambda: read_marks(stored))

    async def _keep(self, account_id: str, version: int, marks: Marks) -> bool:
        try:
            return await self._store.save(
                account_id, expected_version=version, state=written(marks)
            )
        except PaperStoreUnavailable as down:
            raise BrokerUnavailable(f"the fills seen cannot be kept: {down.message}") from down


def _rows(body: object) -> list[Row]:
    return _readable(lambda: rows_in(body, "orders", "order"))


def _by_age(orders: Mapping[str, BrokerOrder]) -> tuple[BrokerOrder, ...]:
    return tuple(sorted(orders.values(), key=lambda o: (o.placed_at, int(o.broker_order_id))))


def _readable(parse: Callable[[], T]) -> T:
    """Return what a read says; a part of it that cannot be read spoils the whole."""
    try:
        return parse()
    except ValueError as odd:
        raise BrokerUnavailable(f"Tradier's answer cannot be read: {odd}") from odd
