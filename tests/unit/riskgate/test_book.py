"""The totals that a book keeps, against totals summed from nothing."""

import random
from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from typing import Any, Final, NamedTuple

import pytest

from riskgate.book import Book, microseconds
from riskgate.contracts.decisions import Verdict
from riskgate.contracts.orders import Product, Side
from riskgate.facts import DepthLevel, Price
from riskgate.judge import Judge
from riskgate.policy import DEFAULT_POLICY
from tests.unit.riskgate.builders import (
    NOW,
    a_candidate,
    a_listing,
    a_price,
    a_situation,
    seconds,
)

BUY, SELL = Side.BUY, Side.SELL
MIS, CNC = Product.MIS, Product.CNC
ZERO: Final = Decimal(0)


class Totals(NamedTuple):
    gross: Decimal
    net_low: Decimal
    net_high: Decimal
    open_instruments: int
    orders_in_flight: int
    sectors: dict[str, Decimal]
    underlyings: dict[Any, Decimal]
    unpriced: set[Any]


def kept(book: Book) -> Totals:
    return Totals(
        book.gross,
        book.net_low,
        book.net_high,
        book.open_instruments,
        book.orders_in_flight,
        {name: money for name, money in book.by_sector.items() if money},
        {name: money for name, money in book.by_underlying.items() if money},
        set(book.unpriced),
    )


class Ledger:
    """The same book as a plain list of facts, summed from nothing each time it is asked."""

    def __init__(self) -> None:
        self.listings: dict[str, Any] = {}
        self.prices: dict[str, Price | None] = {}
        self.held: dict[tuple[str, Product | None], Decimal] = {}
        self.orders: dict[str, list[Any]] = {}

    def totals(self) -> Totals:
        with localcontext(Context(prec=500)):
            return self._summed()

    def _summed(self) -> Totals:
        gross = low_sum = high_sum = ZERO
        sectors: dict[str, Decimal] = {}
        underlyings: dict[Any, Decimal] = {}
        lines = [*self.held, *((o[0].listing.key, o[0].product) for o in self.orders.values())]
        opened = {key for key, product in dict.fromkeys(lines) if self._is_open(key, product)}
        for key, product in dict.fromkeys(lines):
            if self._point(key) is None:
                continue
            low, high = self._ends(key, product)
            at_risk, listing = max(high, -low), self.listings[key]
            gross, low_sum, high_sum = gross + at_risk, low_sum + low, high_sum + high
            sectors[listing.sector] = sectors.get(listing.sector, ZERO) + at_risk
            underlyings[listing.underlying] = underlyings.get(listing.underlying, ZERO) + at_risk
        return Totals(
            gross,
            low_sum,
            high_sum,
            len(opened),
            sum(max(len(order.slices), 1) for order, _left in self.orders.values()),
            {name: money for name, money in sectors.items() if money},
            {name: money for name, money in underlyings.items() if money},
            {key for key in opened if self._point(key) is None},
        )

    def _is_open(self, key: str, product: Product | None) -> bool:
        return bool(self.held.get((key, product))) or any(True for _o in self._in(key, product))

    def _in(self, key: str, product: Product | None) -> Any:
        line = (key, product)
        return (o for o in self.orders.values() if (o[0].listing.key, o[0].product) == line)

    def _point(self, key: str) -> Decimal | None:
        price, multiplier = self.prices.get(key), self.listings[key].multiplier
        if price is None or multiplier is None or not price.last.is_finite() or price.last <= 0:
            return None
        return Decimal(multiplier)

    def _ends(self, key: str, product: Product | None) -> tuple[Decimal, Decimal]:
        price, point = self.prices[key], self._point(key)
        assert price is not None
        assert point is not None
        held = self.held.get((key, product), ZERO)
        low = high = held * price.last * point
        bought = sold = ZERO
        for order, left in self._in(key, product):
            buys = order.sign > 0
            free = max(-held - bought if buys else held - sold, ZERO)
            touch = price.ask if buys else price.bid
            named = (touch, order.limit_price, order.trigger_price)
            prices = [price.last, *(p for p in named if p is not None)]
            closing = min(left, free)
            money = (closing * price.last + (left - closing) * max(prices)) * point
            high, low = (high + money, low) if buys else (high, low - money)
            bought, sold = (bought + left, sold) if buys else (bought, sold + left)
        return low, high


PRICES: Final[tuple[Price | None, ...]] = (
    None,
    a_price("NaN"),
    a_price("Infinity"),
    a_price(0),
    a_price("-5"),
    a_price("1000.05"),
    a_price(1000, bid=Decimal("999.95"), ask=Decimal("1000.1")),
    a_price("0.00000000000000000001"),
    a_price("98765432109876543210.123"),
)
LISTINGS: Final = tuple(
    a_listing(symbol, multiplier=multiplier, sector=sector, underlying=underlying)
    for symbol, multiplier, sector, underlying in (
        ("INFY", Decimal(1), "IT", "INFY"),
        ("TCS", Decimal("0.3"), "IT", "TCS"),
        ("INFY26MARFUT", Decimal(50), "IT", "INFY"),
        ("SBIN", None, "BANK", "SBIN"),
    )
)


def one_change(rng: random.Random, book: Book, ledger: Ledger, number: int) -> None:
    listing = rng.choice(LISTINGS)
    key, product = str(listing.key), rng.choice([MIS, CNC])
    kind = rng.choice(["price", "hold", "place", "place", "fill", "part", "release", "know"])
    if kind == "price":
        ledger.prices[key] = rng.choice(PRICES)
        book.set_price(key, ledger.prices[key])
    elif kind == "hold":
        ledger.held[key, product] = Decimal(rng.randint(-50, 50))
        book.hold(key, product, ledger.held[key, product])
    elif kind == "place":
        order = a_candidate(
            rng.randint(1, 60),
            rng.choice([BUY, SELL]),
            listing=ledger.listings[key],
            product=product,
            limit=rng.choice([None, 990, "1010.05"]),
            trigger_price=rng.choice([None, Decimal(1005)]),
            slices=rng.choice([(), (Decimal(1), Decimal(2))]),
        )
        ledger.orders[f"o-{number}"] = [order, order.quantity]
        book.place(f"o-{number}", order)
    elif kind == "know":
        sector = rng.choice(["IT", "BANK"])
        again = a_listing(
            key, multiplier=listing.multiplier, sector=sector, underlying=listing.underlying
        )
        ledger.listings[key] = again
        book.know(again)
    elif ledger.orders:
        name = rng.choice(list(ledger.orders))
        order, left = ledger.orders[name]
        if kind == "release":
            book.release(name)
            del ledger.orders[name]
            return
        filled = left if kind == "fill" else min(left, Decimal(rng.randint(1, 9)))
        line = (str(order.listing.key), order.product)
        ledger.held[line] = ledger.held.get(line, ZERO) + order.sign * filled
        book.fill(name, filled)
        ledger.orders[name][1] = left - filled
        if left == filled:
            del ledger.orders[name]


@pytest.mark.parametrize("seed", range(20))
def test_the_totals_kept_are_the_totals_summed_from_nothing_after_every_change(seed: int) -> None:
    rng, book, ledger = random.Random(seed), Book(), Ledger()
    for listing in LISTINGS:
        ledger.listings[str(listing.key)] = listing
        book.know(listing)
    for number in range(150):
        one_change(rng, book, ledger, number)
        assert kept(book) == ledger.totals(), number


def whole(*values: Decimal | int) -> list[Decimal | int]:
    return list(values)


def a_known_book(*symbols: str) -> Book:
    book = Book()
    for symbol in symbols or ("INFY",):
        book.enter(a_listing(symbol), a_price(), {})
    return book


def test_an_order_counts_whole_from_the_moment_it_is_placed() -> None:
    book = a_known_book()
    book.place("o", a_candidate(10))
    assert whole(book.gross, book.orders_in_flight, book.open_instruments) == [10_000, 1, 1]
    assert book.in_flight("o")


def test_a_part_that_filled_is_held_and_the_rest_stays_in_flight() -> None:
    book = a_known_book()
    book.place("o", a_candidate(10))
    book.fill("o", Decimal(4))
    line = book.entries["INFY"].lines[MIS]
    assert whole(line.held, line.bought, book.orders_in_flight) == [4, 6, 1]
    book.fill("o", Decimal(6))
    assert whole(line.held, line.bought, book.orders_in_flight) == [10, 0, 0]
    assert not book.in_flight("o")
    assert book.gross == 10_000


def test_more_than_is_in_flight_cannot_fill_and_nothing_changes() -> None:
    book = a_known_book()
    book.place("o", a_candidate(10))
    before = kept(book)
    with pytest.raises(ValueError, match="11 filled of 10"):
        book.fill("o", Decimal(11))
    assert kept(book) == before


def test_what_is_released_leaves_nothing_behind() -> None:
    book = a_known_book()
    empty = kept(book)
    book.place("o", a_candidate(10, SELL))
    book.fill("o", Decimal(3))
    book.release("o")
    assert book.entries["INFY"].lines[MIS].held == -3
    book.hold("INFY", MIS, ZERO)
    assert kept(book) == empty


@pytest.mark.parametrize("change", [lambda b: b.fill("o", Decimal(1)), lambda b: b.release("o")])
def test_an_order_that_is_not_in_flight_cannot_change(change: Callable[[Book], None]) -> None:
    with pytest.raises(KeyError):
        change(a_known_book())


def test_an_id_that_is_in_use_is_refused() -> None:
    book = a_known_book()
    book.place("o", a_candidate(10))
    with pytest.raises(ValueError, match="in flight already"):
        book.place("o", a_candidate(10))
    assert book.orders_in_flight == 1


def test_products_of_one_instrument_do_not_close_each_other() -> None:
    book = a_known_book()
    book.hold("INFY", CNC, Decimal(10))
    book.hold("INFY", MIS, Decimal(-10))
    assert whole(book.gross, book.net_low, book.net_high) == [20_000, 0, 0]
    assert book.open_instruments == 1


def test_an_order_opens_only_what_it_does_not_close() -> None:
    book = a_known_book()
    book.hold("INFY", MIS, Decimal(-4))
    assert book.opening_money(a_candidate(10)) == 6_000
    assert book.opening_money(a_candidate(10, product=CNC)) == 10_000
    book.set_price("INFY", None)
    assert book.opening_money(a_candidate(10)) == 0


def test_an_order_is_valued_at_the_dearest_of_its_own_prices_its_side_and_the_last() -> None:
    book = a_known_book()
    book.set_price("INFY", a_price(bid=Decimal(999), ask=Decimal(1001)))
    entry = book.entries["INFY"]
    assert entry.unit(a_candidate(1, SELL)) == 1000
    assert entry.unit(a_candidate(1, BUY)) == 1001
    assert entry.unit(a_candidate(1, BUY, limit=990)) == 1001
    assert entry.unit(a_candidate(1, SELL, limit=1005)) == 1005
    assert entry.unit(a_candidate(1, SELL, trigger_price=Decimal(1007))) == 1007
    book.set_price("INFY", a_price(bid=Decimal(6), ask=Decimal(7)))
    assert entry.unit(a_candidate(1, SELL)) == entry.unit(a_candidate(1, BUY)) == 1000


def test_a_market_that_is_bid_far_below_the_last_price_hides_no_size() -> None:
    book = a_known_book()
    book.set_price("INFY", a_price(bid=Decimal(6), ask=Decimal(7)))
    judgement = Judge(DEFAULT_POLICY).judge(a_candidate(40_000, SELL), book, a_situation())
    assert judgement.verdict is Verdict.MODIFY
    assert judgement.allowed == 250


def at(age: float | str) -> int:
    return microseconds(NOW - seconds(str(age)))


def stamped(book: Book, *ages: tuple[str, str]) -> None:
    for symbol, age in ages:
        book.set_price(symbol, a_price(as_of=NOW - seconds(age)))


def old(book: Book, age: str) -> list[str]:
    return sorted(str(entry.listing.key) for entry in book.stamped_before(at(age)))


def early(book: Book, age: str) -> list[str]:
    return sorted(str(entry.listing.key) for entry in book.stamped_after(at(age)))


def test_a_price_is_old_one_microsecond_beyond_its_time_and_not_at_it() -> None:
    book = a_known_book("INFY", "TCS")
    stamped(book, ("INFY", "10"), ("TCS", "10.000001"))
    for symbol in ("INFY", "TCS"):
        book.hold(symbol, MIS, Decimal(1))
    assert old(book, "10") == ["TCS"]
    assert old(book, "10.000001") == []
    assert early(book, "10") == []
    assert early(book, "10.000001") == ["INFY"]


def test_only_what_is_open_is_asked_for_its_time() -> None:
    book = a_known_book("INFY", "TCS")
    stamped(book, ("INFY", "20"), ("TCS", "-20"))
    assert (old(book, "10"), early(book, "-10")) == ([], [])
    book.place("o", a_candidate(1))
    book.hold("TCS", MIS, Decimal(1))
    assert (old(book, "10"), early(book, "-10")) == (["INFY"], ["TCS"])


def test_an_instrument_that_closes_and_opens_again_is_seen_again() -> None:
    book = a_known_book()
    stamped(book, ("INFY", "20"))
    for _time in range(3):
        book.hold("INFY", MIS, Decimal(1))
        assert (old(book, "10"), early(book, "30")) == (["INFY"], ["INFY"])
        book.hold("INFY", MIS, ZERO)
        assert (old(book, "10"), early(book, "30")) == ([], [])


def test_one_end_may_be_asked_long_before_the_other() -> None:
    book = a_known_book()
    stamped(book, ("INFY", "20"))
    book.hold("INFY", MIS, Decimal(1))
    book.hold("INFY", MIS, ZERO)
    assert old(book, "10") == []
    book.hold("INFY", MIS, Decimal(1))
    assert early(book, "30") == ["INFY"]
    assert old(book, "10") == ["INFY"]


def test_a_price_that_was_old_and_is_new_again_is_not_old() -> None:
    book = a_known_book()
    book.hold("INFY", MIS, Decimal(1))
    stamped(book, ("INFY", "20"), ("INFY", "1"))
    assert old(book, "10") == []
    stamped(book, ("INFY", "20"))
    assert old(book, "10") == ["INFY"]
    book.set_price("INFY", None)
    assert (old(book, "0"), early(book, "100")) == ([], [])


@pytest.mark.parametrize("seed", range(10))
def test_the_times_kept_are_the_times_looked_for_one_by_one(seed: int) -> None:
    rng, symbols = random.Random(seed), ["INFY", "TCS", "SBIN"]
    book = a_known_book(*symbols)
    for _change in range(400):
        symbol, age = rng.choice(symbols), str(rng.randint(-5, 25))
        if rng.random() < 0.6:
            stamped(book, (symbol, age))
        else:
            book.hold(symbol, MIS, Decimal(rng.randint(0, 1)))
        limit = at(rng.randint(-5, 25))
        standing = [e for e in book.entries.values() if e.is_open and e.stamp_us is not None]
        for entries, looked_for in (
            (book.stamped_before(limit), [e for e in standing if (e.stamp_us or 0) < limit]),
            (book.stamped_after(limit), [e for e in standing if (e.stamp_us or 0) > limit]),
        ):
            assert [*entries] == looked_for


def test_a_thousand_prices_of_one_instrument_do_not_pile_up() -> None:
    book = a_known_book()
    book.hold("INFY", MIS, Decimal(1))
    for number in range(1000):
        stamped(book, ("INFY", str(-number)))
    assert len(book._newest) + len(book._oldest) < 300
    assert early(book, "-998") == ["INFY"]
    assert early(book, "-999") == []


def test_depth_is_kept_as_it_was_given() -> None:
    level = DepthLevel(Decimal(999), Decimal(5))
    book = a_known_book()
    book.set_price("INFY", a_price(bids=(level,)))
    price = book.entries["INFY"].price
    assert price is not None
    assert price.bids == (level,)
