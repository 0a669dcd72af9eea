"""What an account holds and has in flight, with every total kept as it changes.

Each change costs the orders of one line, whatever the size of the book, so a decision reads its
totals and never sums. Values are in the account's currency and exact, so the totals kept are the
totals that summing would give, to the last digit.
"""

from collections.abc import Hashable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from heapq import heapify, heappop, heappush
from types import MappingProxyType
from typing import Final, NamedTuple

from riskgate.contracts.orders import Product
from riskgate.facts import Candidate, Listing, Price
from riskgate.figures import ZERO, exactly

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_STEP: Final = timedelta(microseconds=1)
_MOST_STAMPS: Final = 64
_NOTHING: Final[Mapping[Product | None, Decimal]] = MappingProxyType({})


class Unpriced(NamedTuple):
    """An instrument in the book whose value is not known, and why."""

    listing: Listing
    reason: str


class _InFlight(NamedTuple):
    sign: int
    quantity: Decimal
    limit_price: Decimal | None
    trigger_price: Decimal | None
    orders: int


class Line:
    """One instrument in one product: what is held, and how far orders in flight could move it.

    `low` and `high` are the signed money in the position at either end of what may fill.
    `bought` and `sold` are the quantities in flight. `blocked` is held and cannot be sold now.
    """

    __slots__ = (
        "blocked",
        "bought",
        "exposure",
        "held",
        "high",
        "in_flight",
        "low",
        "product",
        "sold",
    )

    def __init__(self, product: Product | None) -> None:
        self.product = product
        self.held = self.bought = self.sold = self.blocked = ZERO
        self.low = self.high = self.exposure = ZERO
        self.in_flight: dict[Hashable, _InFlight] = {}

    @property
    def is_open(self) -> bool:
        return bool(self.held or self.in_flight)

    def closable(self, sign: int) -> Decimal:
        """Return how much an order could close, were all before it to fill."""
        left = -self.held - self.bought if sign > 0 else self.held - self.sold - self.blocked
        return left if left > 0 else ZERO


class Entry:
    """One instrument: its market, the lines that stand in it, and the money at risk in them."""

    __slots__ = ("exposure", "lines", "listing", "mark", "price", "pushed_us", "stamp_us")

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.price: Price | None = None
        self.mark: Decimal | None = None
        self.stamp_us: int | None = None
        self.pushed_us: int | None = None
        self.exposure = ZERO
        self.lines: dict[Product | None, Line] = {}

    @property
    def is_open(self) -> bool:
        return any(line.is_open for line in self.lines.values())

    def unit(self, order: Candidate | _InFlight) -> Decimal | None:
        """Return the worst money in one piece: of the order's own prices, its side, and the last.

        A position's size is what counts, so a high price is the worse one for a short sale too; and
        what has filled is valued at the last price, however low the market was bid.
        """
        price, mark = self.price, self.mark
        if price is None or mark is None:
            return None
        touch = price.ask if order.sign > 0 else price.bid
        limit, trigger = order.limit_price, order.trigger_price
        if touch is None and limit is None and trigger is None:
            return mark
        worst = price.last
        if touch is not None and touch > worst:
            worst = touch
        if limit is not None and limit > worst:
            worst = limit
        if trigger is not None and trigger > worst:
            worst = trigger
        multiplier = self.listing.multiplier
        return None if multiplier is None else worst * multiplier


class Book:
    """Positions, orders in flight and prices of one account; the totals follow every change.

    `gross` is the most that may be at risk, `net_low` and `net_high` are the ends of the signed
    sum. Instruments that cannot be valued count as nothing and stand in `unpriced`; those whose
    price has no time stand in `undated`.
    """

    def __init__(self) -> None:
        self.entries: dict[Hashable, Entry] = {}
        self.gross = self.net_low = self.net_high = ZERO
        self.by_sector: dict[str, Decimal] = {}
        self.by_underlying: dict[Hashable, Decimal] = {}
        self.open_instruments = 0
        self.orders_in_flight = 0
        self.unpriced: dict[Hashable, Unpriced] = {}
        self.undated: dict[Hashable, None] = {}
        self._where: dict[Hashable, tuple[Entry, Line]] = {}
        self._oldest: list[tuple[int, int, Entry]] = []
        self._newest: list[tuple[int, int, Entry]] = []
        self._pushes = 0

    def know(self, listing: Listing) -> Entry:
        """Make an instrument known, or replace what was known of it."""
        entry = self.entries.get(listing.key)
        if entry is None:
            entry = self.entries[listing.key] = Entry(listing)
        elif entry.listing != listing:
            with exactly():
                self._withdraw(entry)
                entry.listing = listing
                self._value(entry)
        return entry

    def enter(
        self,
        listing: Listing,
        price: Price | None,
        held: Mapping[Product | None, Decimal],
        blocked: Mapping[Product | None, Decimal] = _NOTHING,
    ) -> None:
        """Make an instrument known with its price and holdings at once: one valuation for all.

        `blocked` is what of each line cannot be sold now, whatever is held.
        """
        entry = self.know(listing)
        with exactly():
            self._withdraw(entry)
            entry.price = price
            for product, quantity in held.items():
                line = self._line(listing.key, product)[1]
                line.held, line.blocked = quantity, blocked.get(product, ZERO)
            self._value(entry)

    def set_price(self, key: Hashable, price: Price | None) -> None:
        """Value an instrument anew. An unusable price, or None, leaves it without a value."""
        entry = self.entries[key]
        with exactly():
            self._withdraw(entry)
            entry.price = price
            self._value(entry)

    def hold(self, key: Hashable, product: Product | None, quantity: Decimal) -> None:
        """Set the signed quantity held in a line."""
        entry, line = self._line(key, product)
        with exactly():
            self._withdraw(entry)
            line.held = quantity
            self._value(entry)

    def place(self, order_id: Hashable, candidate: Candidate) -> None:
        """Count an order as in flight, at once and whole. Raises ValueError for an id in use."""
        if order_id in self._where:
            raise ValueError(f"order {order_id} is in flight already")
        entry, line = self._line(candidate.listing.key, candidate.product)
        order = _InFlight(
            candidate.sign,
            candidate.quantity,
            candidate.limit_price,
            candidate.trigger_price,
            max(len(candidate.slices), 1),
        )
        self._where[order_id] = entry, line
        self.orders_in_flight += order.orders
        with exactly():
            self._withdraw(entry)
            line.in_flight[order_id] = order
            self._value(entry)

    def fill(self, order_id: Hashable, quantity: Decimal) -> None:
        """Move what was filled from in flight to held. Raises KeyError; ValueError if too much."""
        entry, line = self._where[order_id]
        order = line.in_flight[order_id]
        if quantity > order.quantity:
            raise ValueError(f"{quantity} filled of {order.quantity} in flight")
        with exactly():
            self._withdraw(entry)
            line.held += order.sign * quantity
            self._reduce(order_id, line, order, quantity)
            self._value(entry)

    def release(self, order_id: Hashable) -> None:
        """Forget what is left of an order: it was cancelled, refused or never sent."""
        entry, line = self._where[order_id]
        order = line.in_flight[order_id]
        with exactly():
            self._withdraw(entry)
            self._reduce(order_id, line, order, order.quantity)
            self._value(entry)

    def opening_money(self, candidate: Candidate) -> Decimal:
        """Return the money an order would open with, after what it closes; 0 if not known."""
        entry = self.entries[candidate.listing.key]
        unit, line = entry.unit(candidate), entry.lines.get(candidate.product)
        closable = ZERO if line is None else line.closable(candidate.sign)
        opening = candidate.quantity - min(candidate.quantity, closable)
        return ZERO if unit is None else opening * unit

    def in_flight(self, order_id: Hashable) -> bool:
        """Say whether an order still has an open quantity."""
        return order_id in self._where

    def stamped_before(self, limit_us: int) -> Iterator[Entry]:
        """Yield the open instruments whose price is older than a time; one look if none is."""
        if (oldest := self._edge(self._oldest, 1)) is not None and oldest < limit_us:
            yield from (e for e in self._open() if e.stamp_us is not None and e.stamp_us < limit_us)

    def stamped_after(self, limit_us: int) -> Iterator[Entry]:
        """Yield the open instruments whose price is newer than a time; one look if none is."""
        if (newest := self._edge(self._newest, -1)) is not None and newest > limit_us:
            yield from (e for e in self._open() if e.stamp_us is not None and e.stamp_us > limit_us)

    def _open(self) -> Iterator[Entry]:
        return (entry for entry in self.entries.values() if entry.is_open)

    def _line(self, key: Hashable, product: Product | None) -> tuple[Entry, Line]:
        entry = self.entries[key]
        line = entry.lines.get(product)
        if line is None:
            line = entry.lines[product] = Line(product)
        return entry, line

    def _reduce(self, order_id: Hashable, line: Line, order: _InFlight, quantity: Decimal) -> None:
        left = order.quantity - quantity
        if left:
            line.in_flight[order_id] = order._replace(quantity=left)
        else:
            del line.in_flight[order_id], self._where[order_id]
            self.orders_in_flight -= order.orders

    def _withdraw(self, entry: Entry) -> None:
        """Take an instrument out of every total, before it changes."""
        for line in entry.lines.values():
            self.net_low -= line.low
            self.net_high -= line.high
        self._add_exposure(entry, -entry.exposure)
        self.open_instruments -= entry.is_open
        self.unpriced.pop(entry.listing.key, None)
        self.undated.pop(entry.listing.key, None)

    def _value(self, entry: Entry) -> None:
        """Value an instrument's lines anew and put it back into every total."""
        listing, price = entry.listing, entry.price
        known = price is not None and price.usable and listing.multiplier is not None
        entry.mark = (
            price.last * listing.multiplier
            if price is not None and known and listing.multiplier is not None
            else None
        )
        entry.exposure = ZERO
        for line in entry.lines.values():
            _value_line(entry, line)
            entry.exposure += line.exposure
            self.net_low += line.low
            self.net_high += line.high
        self._add_exposure(entry, entry.exposure)
        if entry.is_open:
            self.open_instruments += 1
            if entry.mark is None:
                self.unpriced[listing.key] = Unpriced(listing, _why_unpriced(listing, price))
            elif price is not None and price.as_of is None:
                self.undated[listing.key] = None
        self._stamp(entry)

    def _add_exposure(self, entry: Entry, change: Decimal) -> None:
        if not change:
            return
        listing = entry.listing
        self.gross += change
        self.by_sector[listing.sector] = self.by_sector.get(listing.sector, ZERO) + change
        name = listing.underlying
        self.by_underlying[name] = self.by_underlying.get(name, ZERO) + change

    def _stamp(self, entry: Entry) -> None:
        price = entry.price
        entry.stamp_us = None if price is None or price.as_of is None else microseconds(price.as_of)
        if entry.stamp_us is not None and entry.is_open and entry.pushed_us != entry.stamp_us:
            entry.pushed_us = entry.stamp_us
            self._pushes += 1
            heappush(self._oldest, (entry.stamp_us, self._pushes, entry))
            heappush(self._newest, (-entry.stamp_us, self._pushes, entry))
            # Each new price leaves its old stamp behind; too many of those are swept out.
            if len(self._newest) > _MOST_STAMPS + 2 * len(self.entries):
                self._sweep()

    def _sweep(self) -> None:
        for entry in self.entries.values():
            entry.pushed_us = None
        standing = [(e.stamp_us, e) for e in self._open() if e.stamp_us is not None]
        self._oldest = [(stamp, place, e) for place, (stamp, e) in enumerate(standing)]
        self._newest = [(-stamp, place, e) for place, (stamp, e) in enumerate(standing)]
        self._pushes = len(standing)
        for stamp, entry in standing:
            entry.pushed_us = stamp
        heapify(self._oldest)
        heapify(self._newest)

    def _edge(self, heap: list[tuple[int, int, Entry]], sign: int) -> int | None:
        """Return the first stamp of an instrument that is still open, dropping old ones."""
        while heap:
            stamp, _push, entry = heap[0]
            if entry.stamp_us == sign * stamp and entry.is_open:
                return sign * stamp
            heappop(heap)
            if entry.pushed_us == sign * stamp:
                entry.pushed_us = None
        return None


def microseconds(at: datetime) -> int:
    """Return a time as whole microseconds since 1970."""
    return (at - _EPOCH) // _EPOCH_STEP


def _value_line(entry: Entry, line: Line) -> None:
    """Work out the ends of what a line may become, its orders counted in the order they came."""
    mark = entry.mark
    line.bought = line.sold = ZERO
    value = line.held * mark if mark is not None else ZERO
    low = high = value
    for order in line.in_flight.values():
        unit = entry.unit(order)
        closing = min(order.quantity, line.closable(order.sign))
        if mark is not None and unit is not None:
            money = closing * mark + (order.quantity - closing) * unit
            if order.sign > 0:
                high += money
            else:
                low -= money
        if order.sign > 0:
            line.bought += order.quantity
        else:
            line.sold += order.quantity
    line.low, line.high = low, high
    line.exposure = max(high, -low)


def _why_unpriced(listing: Listing, price: Price | None) -> str:
    if price is None:
        return "PRICE_MISSING"
    if not price.usable:
        return "PRICE_UNUSABLE"
    return "MULTIPLIER_UNKNOWN" if listing.multiplier is None else "PRICE_MISSING"
