"""A plan's inputs made into the book and the situation that rules look at."""

from decimal import Decimal
from typing import Any

import pytest

from riskgate.contracts.instruments import Currency, Exchange, InstrumentKind
from riskgate.contracts.orders import OrderType, Product, Side
from riskgate.contracts.snapshots import QuoteSource
from riskgate.facts import DepthLevel
from riskgate.inputs import Classification, FxRate, MessageKind, Sent, SentMessage
from riskgate.policy import DEFAULT_POLICY, Limits, MarginLimits, Override, Policy
from riskgate.world import World, price_of, world_of
from tests.unit.riskgate.builders import (
    ACCOUNT,
    NOW,
    a_gate_input,
    a_leg,
    a_policy,
    a_position,
    a_quote,
    a_ref,
    a_snapshot,
    an_instrument,
    an_open_order,
    changed,
    codes,
    margins,
    quotes_of,
    seconds,
    terms,
)

BUY, SELL, MIS, NRML = Side.BUY, Side.SELL, Product.MIS, Product.NRML
GOLD = a_ref("GOLDM26APRFUT", Exchange.MCX)
IN_DOLLARS = (FxRate(currency=Currency.USD, rate=Decimal("83.5")),)


def a_world(policy: Policy = DEFAULT_POLICY, **changes: Any) -> World:
    return world_of(policy, a_gate_input(**changes))


def at_limit(side: Side, quantity: int, **changes: Any) -> Any:
    return terms(side, quantity, order_type=OrderType.LIMIT, limit_price=Decimal(1000), **changes)


def test_holdings_positions_and_orders_of_one_instrument_meet_in_their_products() -> None:
    snapshot = a_snapshot(
        holdings=(a_position(10),),
        positions=(a_position(-4), a_position(7, product=MIS)),
        orders=(an_open_order(BUY, 5, filled_quantity=2), an_open_order(BUY, 9, status="REJECTED")),
    )
    world = a_world(broker=snapshot, reserved=(at_limit(SELL, 3, product=MIS),))
    lines = world.book.entries[a_ref()].lines
    assert [lines[Product.CNC].held, lines[Product.CNC].bought] == [6, 3]
    assert [lines[MIS].held, lines[MIS].sold] == [7, 3]
    assert [world.book.orders_in_flight, world.book.open_instruments] == [2, 1]


def test_the_book_of_another_account_is_not_taken_for_ours() -> None:
    other = a_snapshot(account_id="paper-2", positions=(a_position(10),))
    world = a_world(broker=other)
    assert [world.book.open_instruments, world.situation.account.equity] == [0, None]
    assert world.situation.account.available is None
    mine = a_world(broker=changed(other, account_id=ACCOUNT))
    assert mine.book.open_instruments == 1


def held_gold(**changes: Any) -> World:
    held = [a_position(1, "GOLDM26APRFUT", NRML, exchange=Exchange.MCX)]
    quotes = (a_quote(), a_quote("GOLDM26APRFUT", 7000, exchange=Exchange.MCX))
    return a_world(held=held, quotes=quotes, **changes)


def a_future(**changes: Any) -> Any:
    fields = {"exchange": Exchange.MCX, "kind": InstrumentKind.FUTURE, "multiplier": 10}
    return an_instrument("GOLDM26APRFUT", **fields | changes)


def test_a_held_derivative_without_its_row_has_no_value() -> None:
    unknown = held_gold().book
    assert [unknown.gross, unknown.unpriced[GOLD].reason] == [0, "MULTIPLIER_UNKNOWN"]
    assert held_gold(instruments=(a_future(),)).book.gross == 70_000


@pytest.mark.parametrize(
    ("rates", "expected"), [((), None), (IN_DOLLARS, Decimal("83.5") * 70_000)]
)
def test_what_is_held_in_another_currency_has_a_value_only_with_a_rate(
    rates: tuple[FxRate, ...], expected: Decimal | None
) -> None:
    dollars = a_future(currency=Currency.USD)
    book = held_gold(instruments=(dollars,), fx_rates=rates).book
    assert book.gross == (expected or 0)
    assert bool(book.unpriced) is (expected is None)


@pytest.mark.parametrize(("rates", "gross"), [((), 0), (IN_DOLLARS, 83_500)])
def test_a_held_share_of_a_foreign_exchange_needs_a_rate_even_without_its_row(
    rates: tuple[FxRate, ...], gross: int
) -> None:
    held = [a_position(1, "AAPL", exchange=Exchange.NASDAQ)]
    quotes = (a_quote(), a_quote("AAPL", exchange=Exchange.NASDAQ))
    gate_input = a_gate_input(held=held, quotes=quotes, fx_rates=rates)
    assert world_of(DEFAULT_POLICY, gate_input).book.gross == gross
    assert codes(gate_input) == (() if rates else ("SYS-001",))


def test_a_rate_of_the_accounts_own_currency_changes_nothing() -> None:
    rupees = (FxRate(currency=Currency.INR, rate=Decimal(83)),)
    assert a_world(held=[a_position(1)], fx_rates=rupees).book.gross == 1_000


def test_the_accounts_currency_is_the_brokers_and_the_plans_where_that_is_unknown() -> None:
    assert a_world(money=margins(currency=Currency.USD)).situation.account.currency == "USD"
    assert a_world(money=None).situation.account.currency == "INR"


def test_sectors_and_underlyings_are_those_that_are_given() -> None:
    classes = (Classification(instrument=GOLD, sector="METALS", underlying="GOLD"),)
    book = held_gold(instruments=(a_future(),), classifications=classes).book
    assert {name: money for name, money in book.by_sector.items() if money} == {"METALS": 70_000}
    assert {name: money for name, money in book.by_underlying.items() if money} == {"GOLD": 70_000}
    assert a_world(held=[a_position(1)]).book.by_underlying["INFY"] == 1_000


@pytest.mark.parametrize(
    ("product", "left"), [(Product.CNC, 990_000), (MIS, 998_000), (NRML, 998_000)]
)
def test_orders_that_the_broker_does_not_show_yet_take_their_money(
    product: Product, left: int
) -> None:
    world = a_world(reserved=(at_limit(BUY, 10, product=product),))
    assert world.situation.account.available == left


def test_an_order_that_only_closes_takes_no_money_and_no_fraction_asks_for_none() -> None:
    closing: dict[str, Any] = {"held": [a_position(10)], "reserved": (at_limit(SELL, 10),)}
    assert a_world(**closing).situation.account.available == 1_000_000
    free = a_policy(margin={"margin_fraction": None})
    assert a_world(free, reserved=(at_limit(BUY, 10),)).situation.account.available == 1_000_000


def test_an_order_in_flight_takes_the_margin_of_its_own_symbol() -> None:
    dearer = Override(limits=Limits(margin=MarginLimits(margin_fraction=Decimal("0.5"))))
    policy = changed(DEFAULT_POLICY, symbols={"INFY": dearer})
    world = a_world(policy, reserved=(at_limit(BUY, 10, product=MIS),))
    assert world.situation.account.available == 995_000


def test_everything_that_was_sent_is_counted_by_what_it_was() -> None:
    def message(age: str, **changes: Any) -> SentMessage:
        fields: dict[str, Any] = {
            "at": NOW - seconds(age),
            "strategy_id": "manual",
            "instrument": a_ref(),
            "side": BUY,
            "product": Product.CNC,
            "quantity": Decimal(10),
            "limit_price": Decimal(1000),
        }
        return SentMessage.model_validate(fields | changes)

    sent = Sent(
        messages=(
            message("1"),
            message("70"),
            message("2", kind=MessageKind.MODIFY),
            message("3", side=None),
            message("-4", instrument=a_ref("TCS")),
        ),
        orders_today=7,
    )
    world = a_world(sent=sent)
    assert world.activity is not None
    rates = world.activity.rates(world.candidates[0], NOW)
    assert rates[:6] == (2, 2, 1, 1, 4, 7)
    assert rates.same_order_age_s == 1
    assert a_world(sent=None).activity is None
    for other in ({"product": Product.MIS}, {"quantity": None}, {"trigger_price": Decimal(990)}):
        again = a_world(sent=Sent(messages=(message("1", **other),)))
        assert again.activity is not None
        assert again.activity.rates(again.candidates[0], NOW).same_order_age_s is None


def test_a_stamp_ahead_of_the_clock_hides_no_message_before_it() -> None:
    stamps = [NOW - seconds(1)] * 3 + [NOW + seconds(100)]
    messages = tuple(
        SentMessage(at=at, strategy_id="manual", instrument=a_ref(), side=BUY) for at in stamps
    )
    policy = a_policy(execution={"max_orders_per_minute_by_symbol": 4})
    assert codes(a_gate_input(sent=Sent(messages=messages)), policy) == ("EXEC-003",)


def test_a_leg_becomes_an_order_with_all_that_rules_ask_of_it() -> None:
    leg = a_leg(
        20, side=SELL, slices=(10, 10), stop=1100, trigger_price=Decimal(990), reduce_only=True
    )
    (order,) = a_world(plan=a_gate_input(leg).plan, strategy_id="alpha").candidates
    assert [order.sign, order.quantity, *order.slices] == [-1, 20, 10, 10]
    assert [order.limit_price, order.trigger_price, order.stop_price] == [1000, 990, 1100]
    assert (order.strategy_id, order.reduce_only, order.order_type) == (
        "alpha",
        True,
        OrderType.SL,
    )
    assert order.listing.names == ("NSE:INFY", "INFY")


def test_a_price_has_its_touch_its_band_and_whether_it_is_live() -> None:
    quote = changed(
        a_quote(bid=999, ask=1001),
        source=QuoteSource.BROKER,
        lower_circuit=900,
        upper_circuit=1100,
        open=1010,
        previous_close=1005,
    )
    price = price_of(quote)
    assert [price.bid, price.ask, price.last] == [999, 1001, 1000]
    assert [price.low_band, price.high_band, price.live] == [900, 1100, True]
    assert [price.open, price.previous_close] == [1010, 1005]
    assert price.bids == (DepthLevel(Decimal(999), Decimal(1)),)
    assert not price_of(a_quote()).live


def test_a_quote_of_something_else_is_no_part_of_the_book() -> None:
    assert set(a_world(quotes=quotes_of(["INFY", "TCS"])).book.entries) == {a_ref()}
