"""A book that follows every change has the totals that summing everything again would give."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import event, given

from riskgate.book import Book, microseconds
from riskgate.facts import Price
from riskgate.figures import exactly
from tests.property.gate_cases import NOW, Case, Choices, a_case
from tests.property.gate_oracle import Oracle, Totals
from tests.property.gate_strategies import choices, thorough

_OPERATIONS = ("know", "price", "price", "hold", "place", "place", "fill", "fill", "release")


def totals_of(book: Book) -> Totals:
    def fractions(sums: Mapping[Hashable, Decimal]) -> dict[Hashable, Fraction]:
        return {name: Fraction(money) for name, money in sums.items() if money}

    return Totals(
        gross=Fraction(book.gross),
        net_low=Fraction(book.net_low),
        net_high=Fraction(book.net_high),
        sectors={name: Fraction(money) for name, money in book.by_sector.items() if money},
        underlyings=fractions(book.by_underlying),
        positions=fractions({key: entry.exposure for key, entry in book.entries.items()}),
        open_instruments=book.open_instruments,
        orders=book.orders_in_flight,
        unpriced=frozenset(book.unpriced),
    )


def operate(c: Choices, case: Case, book: Book, oracle: Oracle, order_id: int) -> str:
    """Do one thing to the book and to its oracle, and say what it was."""
    listing = c.pick(tuple(oracle.listings.values()))
    kind = c.pick(_OPERATIONS)
    resting = oracle.resting
    match kind:
        case "know":
            changed = c.pick(case.listings)
            listing = replace(listing, multiplier=changed.multiplier, sector=changed.sector)
            oracle.listings[listing.key] = listing
            book.know(listing)
        case "price":
            price = _price(c, case, book, listing.key)
            oracle.prices[listing.key] = price
            book.set_price(listing.key, price)
        case "hold":
            quantity = c.number(-50, 50) * listing.lot
            product = c.pick((None, case.candidate.product))
            oracle.held[listing.key, product] = Fraction(quantity)
            book.hold(listing.key, product, quantity)
        case "place":
            order = case.candidate if c.number(0, 1) else c.pick((*case.in_flight, case.candidate))
            order = order._replace(sign=c.pick((1, -1)), quantity=c.number(1, 90) * listing.lot)
            order = order._replace(listing=oracle.listings[order.listing.key])
            oracle.place(order_id, order)
            book.place(order_id, order)
        case "fill" if resting:
            one = c.pick(resting)
            with exactly():
                left = book.entries[one.order.listing.key].lines[one.order.product].in_flight
                quantity = left[one.order_id].quantity * c.pick((1, 1, 2, 3, 4)) / 4
            oracle.take(one.order_id, Fraction(quantity), fills=True)
            book.fill(one.order_id, quantity)
        case "release" if resting:
            one = c.pick(resting)
            oracle.take(one.order_id, fills=False)
            book.release(one.order_id)
    return kind


def _price(c: Choices, case: Case, book: Book, key: Hashable) -> Price | None:
    known = book.entries[key].price
    options = (known, None, Price(Decimal("NaN")), Price(Decimal(0), NOW), *case.prices.values())
    price = c.pick(options)
    if price is None:
        return None
    return price._replace(as_of=NOW - timedelta(seconds=c.number(-20, 20)))


@thorough(200)
@given(choices())
def test_totals_kept_change_by_change_are_what_summing_everything_gives(c: Choices) -> None:
    case = a_case(c)
    book, oracle = case.book(), Oracle.of(case)
    assert totals_of(book) == oracle.totals()
    for step in range(c.number(1, 12)):
        kind = operate(c, case, book, oracle, 100 + step)
        event(kind)
        assert totals_of(book) == oracle.totals(), kind
        assert all(book.in_flight(one.order_id) for one in oracle.resting)


@thorough(100)
@given(choices())
def test_the_oldest_and_newest_prices_of_what_is_open_are_always_known(c: Choices) -> None:
    case = a_case(c)
    book, oracle = case.book(), Oracle.of(case)
    for step in range(c.number(1, 10)):
        operate(c, case, book, oracle, 100 + step)
        limit = microseconds(NOW - timedelta(seconds=c.number(-20, 20)))
        stamps = {
            key: microseconds(price.as_of)
            for key, price in oracle.prices.items()
            if price is not None and price.as_of is not None and oracle.is_open(key)
        }
        older = {entry.listing.key for entry in book.stamped_before(limit)}
        newer = {entry.listing.key for entry in book.stamped_after(limit)}
        assert older == {key for key, stamp in stamps.items() if stamp < limit}
        assert newer == {key for key, stamp in stamps.items() if stamp > limit}


@thorough(100)
@given(choices())
def test_what_cannot_be_done_to_a_book_changes_nothing_in_it(c: Choices) -> None:
    case = a_case(c)
    book = case.book()
    book.place("ours", case.candidate)
    before = totals_of(book)
    with pytest.raises(ValueError, match="in flight already"):
        book.place("ours", case.candidate)
    with pytest.raises(ValueError, match="in flight"):
        book.fill("ours", case.candidate.quantity * 2)
    with pytest.raises(KeyError):
        book.release("of nobody")
    assert totals_of(book) == before
