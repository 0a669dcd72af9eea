"""A book summed from scratch in fractions, without a line of the engine's own arithmetic."""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from riskgate.contracts.orders import Product
from riskgate.facts import Candidate, Listing, Price
from tests.property.gate_cases import Case

LineKey = tuple[Hashable, Product | None]


class Totals(NamedTuple):
    """What a book says in total; sums that are nought are left out of the mappings."""

    gross: Fraction
    net_low: Fraction
    net_high: Fraction
    sectors: dict[str, Fraction]
    underlyings: dict[Hashable, Fraction]
    positions: dict[Hashable, Fraction]
    open_instruments: int
    orders: int
    unpriced: frozenset[Hashable]


class Resting(NamedTuple):
    """An order in flight and how much of it is still open."""

    order_id: Hashable
    order: Candidate
    left: Fraction


@dataclass
class Oracle:
    """The facts of a book as given; every question sums all of them again."""

    listings: dict[Hashable, Listing] = field(default_factory=dict)
    prices: dict[Hashable, Price | None] = field(default_factory=dict)
    held: dict[LineKey, Fraction] = field(default_factory=dict)
    resting: list[Resting] = field(default_factory=list)

    @classmethod
    def of(cls, case: Case) -> "Oracle":
        return cls(
            listings={one.key: one for one in case.listings},
            prices=dict(case.prices),
            held={line: Fraction(quantity) for line, quantity in case.held.items()},
            resting=[
                Resting(number, order, Fraction(order.quantity))
                for number, order in enumerate(case.in_flight)
            ],
        )

    def place(self, order_id: Hashable, order: Candidate) -> None:
        self.resting.append(Resting(order_id, order, Fraction(order.quantity)))

    def take(self, order_id: Hashable, quantity: Fraction | None = None, *, fills: bool) -> None:
        """Take a quantity, or all that is left, out of an order; into the holding if it fills."""
        for place, one in enumerate(self.resting):
            if one.order_id == order_id:
                taken = one.left if quantity is None else quantity
                self.resting[place] = one._replace(left=one.left - taken)
                line = (one.order.listing.key, one.order.product)
                if fills:
                    self.held[line] = self.held.get(line, Fraction(0)) + one.order.sign * taken
        self.resting = [one for one in self.resting if one.left]

    def is_open(self, key: Hashable) -> bool:
        held = any(quantity for (k, _product), quantity in self.held.items() if k == key)
        return held or any(one.order.listing.key == key for one in self.resting)

    def mark(self, key: Hashable) -> Fraction | None:
        price, multiplier = self.prices.get(key), self.listings[key].multiplier
        if price is None or multiplier is None or not price.last.is_finite() or price.last <= 0:
            return None
        return Fraction(price.last) * Fraction(multiplier)

    def totals(self) -> Totals:
        sectors: dict[str, Fraction] = defaultdict(Fraction)
        underlyings: dict[Hashable, Fraction] = defaultdict(Fraction)
        positions: dict[Hashable, Fraction] = defaultdict(Fraction)
        net_low = net_high = Fraction(0)
        lines = {*self.held, *((o.order.listing.key, o.order.product) for o in self.resting)}
        for line in lines:
            low, high = self._ends(line)
            net_low, net_high = net_low + low, net_high + high
            listing, exposure = self.listings[line[0]], max(high, -low)
            sectors[listing.sector] += exposure
            underlyings[listing.underlying] += exposure
            positions[listing.key] += exposure
        opened = {key for key in self.listings if self.is_open(key)}
        return Totals(
            gross=sum(positions.values(), Fraction(0)),
            net_low=net_low,
            net_high=net_high,
            sectors={name: money for name, money in sectors.items() if money},
            underlyings={name: money for name, money in underlyings.items() if money},
            positions={key: money for key, money in positions.items() if money},
            open_instruments=len(opened),
            orders=len(self.resting),
            unpriced=frozenset(key for key in opened if self.mark(key) is None),
        )

    def _ends(self, line: LineKey) -> tuple[Fraction, Fraction]:
        """Return the signed money of a line if all its sales fill, and if all purchases do."""
        mark = self.mark(line[0])
        if mark is None:
            return Fraction(0), Fraction(0)
        held = self.held.get(line, Fraction(0))
        ends = {1: held * mark, -1: held * mark}
        closable = {1: max(-held, Fraction(0)), -1: max(held, Fraction(0))}
        for one in self.resting:
            order = one.order
            if (order.listing.key, order.product) != line:
                continue
            closing = min(one.left, closable[order.sign])
            closable[order.sign] -= closing
            money = closing * mark + (one.left - closing) * self._unit(order)
            ends[order.sign] += order.sign * money
        return ends[-1], ends[1]

    def _unit(self, order: Candidate) -> Fraction:
        price, multiplier = self.prices[order.listing.key], self.listings[order.listing.key]
        assert price is not None
        assert multiplier.multiplier is not None
        touch = price.ask if order.sign > 0 else price.bid
        seen = [p for p in (touch, order.limit_price, order.trigger_price) if p is not None]
        worst: Decimal = max([price.last, *seen])
        return Fraction(worst) * Fraction(multiplier.multiplier)
