"""One order weighed against the book: the figures that rules compare, worked out once."""

from collections.abc import Hashable
from decimal import Decimal

from riskgate.book import Book
from riskgate.facts import Account, Candidate, Listing, Price, Rates, Situation
from riskgate.figures import ZERO, floor_to
from riskgate.policy import Limits, Scope


class Facts:
    """All that an order's rules look at.

    `closing` is the part that only closes what is held, `opening` the rest. `mark` is the money in
    one piece at the last price, `unit` at the worse of the order's own prices and the market's;
    None where a price is not known. `delta` is the signed money that the order moves; what is named
    after is once it has filled: the money at risk in its line, in its instrument over all products,
    in all of the book, and the larger end of the signed sum.
    """

    __slots__ = (
        "account",
        "book",
        "candidate",
        "closing",
        "delta",
        "exposure_after",
        "exposure_before",
        "gross_after",
        "high",
        "limits",
        "listing",
        "low",
        "mark",
        "net_after",
        "opening",
        "position_after",
        "price",
        "rates",
        "reduces",
        "scope",
        "situation",
        "unit",
    )

    def __init__(
        self, scope: Scope, candidate: Candidate, book: Book, situation: Situation
    ) -> None:
        listing = candidate.listing
        quantity, sign = candidate.quantity, candidate.sign
        self.scope: Scope = scope
        self.limits: Limits = scope.limits
        self.candidate: Candidate = candidate
        self.listing: Listing = listing
        self.book: Book = book
        self.situation: Situation = situation
        self.account: Account = situation.account
        self.rates: Rates | None = situation.rates
        entry = book.entries.get(listing.key)
        line = None if entry is None else entry.lines.get(candidate.product)
        self.price: Price | None = None if entry is None else entry.price
        self.mark: Decimal | None = None if entry is None else entry.mark
        self.unit: Decimal | None = None if entry is None else entry.unit(candidate)
        if line is None:
            self.closing, low, high, self.exposure_before = ZERO, ZERO, ZERO, ZERO
        else:
            closable = line.closable(sign)
            self.closing = closable if closable < quantity else quantity
            low, high, self.exposure_before = line.low, line.high, line.exposure
        self.low: Decimal = low
        self.high: Decimal = high
        opening = quantity - self.closing
        self.opening: Decimal = opening
        self.reduces: bool = not opening
        if self.mark is None or self.unit is None:
            self.delta: Decimal | None = None
            self.exposure_after: Decimal | None = None
            self.position_after: Decimal | None = None
            self.gross_after: Decimal | None = None
            self.net_after: Decimal | None = None
        else:
            money = opening * self.unit
            if self.closing:
                money += self.closing * self.mark
            delta = money if sign > 0 else -money
            low, high = low + delta, high + delta
            self.delta = delta
            after = high if high > -low else -low
            self.exposure_after = after
            added = after - self.exposure_before
            self.position_after = added if entry is None else entry.exposure + added
            self.gross_after = book.gross + added
            high, low = book.net_high + delta, -(book.net_low + delta)
            self.net_after = high if high > low else low

    @property
    def name(self) -> str:
        return self.listing.names[0]

    @property
    def side(self) -> str:
        return "BUY" if self.candidate.sign > 0 else "SELL"

    @property
    def notional(self) -> Decimal | None:
        return None if self.unit is None else self.candidate.quantity * self.unit

    @property
    def sector_after(self) -> Decimal | None:
        return self._after(self.book.by_sector.get(self.listing.sector, ZERO))

    @property
    def symbol_after(self) -> Decimal | None:
        """The money at risk in all contracts on the order's underlying."""
        return self._after(self.book.by_underlying.get(self.underlying, ZERO))

    @property
    def underlying(self) -> Hashable:
        return self.listing.underlying

    def ends(self, total_after: Decimal) -> tuple[Decimal, Decimal]:
        """Return what a total would be by either end of the line, had the order moved neither.

        The first is the end that the order moves out, the second the one that it moves in.
        """
        rest = total_after - (self.exposure_after or ZERO)
        high, low = rest + self.high, rest - self.low
        return (high, low) if self.candidate.sign > 0 else (low, high)

    def fitting(self, ends: tuple[Decimal, Decimal], limit: Decimal) -> Decimal | None:
        """Return the most whole lots with which both ends are within a limit; None where none are.

        What only closes is never cut, since closing passes whatever the ends are.
        """
        if not self.mark or not self.unit:
            return None
        lot, closing, unit = self.listing.lot, self.closing, self.unit
        out, back = ends
        closed = closing * self.mark
        room = limit - out - closed
        if room > 0:
            most = (closing * unit + room) // (unit * lot) * lot
            if most >= self.candidate.quantity:
                most = floor_to(self.candidate.quantity, lot)
            if back - closed - (most - closing) * unit <= limit:
                return most or None
        return floor_to(closing, lot) or None

    def lots(self, quantity: Decimal) -> Decimal:
        """Cut a quantity down to whole lots."""
        return floor_to(quantity, self.listing.lot)

    def _after(self, total: Decimal) -> Decimal | None:
        after = self.exposure_after
        return None if after is None else total - self.exposure_before + after
