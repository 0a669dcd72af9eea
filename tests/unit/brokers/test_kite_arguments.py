import json
from decimal import Decimal

import pytest

from adapters.brokers.kite_mcp.arguments import (
    cancel_arguments,
    json_price,
    place_arguments,
    whole_number,
)
from adapters.errors import OrderRejected
from riskgate.contracts.instruments import Exchange, Instrument, InstrumentRef
from riskgate.contracts.orders import OrderIntent, Product, Side, Validity
from tests.fakes.instruments import GOOG, NIFTY_FUT, an_instrument
from tests.fakes.kite_forms import place_form
from tests.fakes.orders import a_tag, an_order

GOLD = InstrumentRef(exchange=Exchange.MCX, tradingsymbol="GOLDM26APRFUT")


def a_limit_order() -> OrderIntent:
    return an_order(limit="1480.00")


def refusal(intent: OrderIntent, instrument: Instrument | None) -> str:
    with pytest.raises(OrderRejected) as caught:
        place_arguments(intent, instrument)
    return caught.value.message


def test_an_order_is_sent_with_every_field_and_no_other() -> None:
    assert place_arguments(a_limit_order(), an_instrument()) == {
        "variety": "regular",
        "exchange": "NSE",
        "tradingsymbol": "INFY",
        "transaction_type": "BUY",
        "quantity": 10,
        "product": "CNC",
        "order_type": "LIMIT",
        "price": 1480.0,
        "validity": "DAY",
        "tag": a_tag(1),
    }


def test_a_stop_is_sent_with_both_prices() -> None:
    stop = an_order(side=Side.SELL, trigger="1470.00", limit="1468.00")
    arguments = place_arguments(stop, an_instrument())
    assert (arguments["order_type"], arguments["price"], arguments["trigger_price"]) == (
        "SL",
        1468.0,
        1470.0,
    )


def test_the_quantity_is_an_integer_because_the_server_makes_1_of_text() -> None:
    arguments = place_arguments(a_limit_order(), an_instrument())
    assert type(arguments["quantity"]) is int
    assert place_form(arguments)["quantity"] == "10"
    assert place_form(arguments | {"quantity": "10"})["quantity"] == "1"


@pytest.mark.parametrize("quantity", ["2.9", "0.5", "1.000001"])
def test_a_fraction_is_never_sent_because_the_server_cuts_it(quantity: str) -> None:
    with pytest.raises(OrderRejected, match="whole quantities"):
        whole_number(Decimal(quantity))
    assert place_form({"quantity": 2.9})["quantity"] == "2"


@pytest.mark.parametrize("price", ["0.05", "0.10", "0.30", "1487.90", "99999.95", "470", "1E+2"])
def test_a_price_is_the_json_number_that_reads_back_as_itself(price: str) -> None:
    text = json.dumps(json_price(Decimal(price)))
    assert json.loads(text, parse_float=Decimal) == Decimal(price)
    assert len(text) <= 8


def test_a_price_that_no_json_number_holds_exactly_is_refused() -> None:
    with pytest.raises(OrderRejected, match="exactly"):
        json_price(Decimal("1234567890123456.05"))


def test_a_price_off_the_tick_is_refused_before_it_is_sent() -> None:
    assert "tick size" in refusal(an_order(limit="1480.03"), an_instrument())


def test_a_quantity_off_the_lot_or_over_the_freeze_is_refused_before_it_is_sent() -> None:
    future = an_instrument(NIFTY_FUT, lot_size=65, freeze_quantity=1800)
    order = {"instrument": NIFTY_FUT, "product": Product.NRML, "limit": "24000.00"}
    assert "lot size 65" in refusal(an_order(quantity="66", **order), future)  # type: ignore[arg-type]
    assert "slice it" in refusal(an_order(quantity="1820", **order), future)  # type: ignore[arg-type]


@pytest.mark.parametrize("intent", [an_order(), an_order(side=Side.SELL, trigger="1470.00")])
def test_market_orders_are_refused_with_what_to_do_instead(intent: OrderIntent) -> None:
    message = refusal(intent, an_instrument())
    assert "market protection" in message
    assert "use LIMIT, or SL" in message


def test_an_exchange_kite_has_not_is_refused() -> None:
    order = an_order(instrument=GOOG, limit="100.00")
    assert "does not trade on NASDAQ" in refusal(order, an_instrument(GOOG))


@pytest.mark.parametrize(
    ("ref", "product"),
    [
        (NIFTY_FUT, Product.CNC),
        (InstrumentRef(exchange=Exchange.NSE, tradingsymbol="INFY"), Product.NRML),
    ],
)
def test_a_product_that_its_exchange_has_not_is_refused(
    ref: InstrumentRef, product: Product
) -> None:
    order = an_order(instrument=ref, product=product, limit="100.00")
    assert f"was {product}" in refusal(order, an_instrument(ref))


def test_mcx_takes_no_ioc() -> None:
    order = an_order(instrument=GOLD, product=Product.NRML, limit="90000.00", validity=Validity.IOC)
    assert "use DAY" in refusal(order, an_instrument(GOLD))


@pytest.mark.parametrize("tag", ["", "T" * 21, "with-hyphen", "naïve", "two words"])
def test_a_tag_that_kite_would_refuse_or_the_book_would_not_show_is_not_sent(tag: str) -> None:
    forged = a_limit_order().model_copy(update={"tag": tag})
    assert "letters and digits" in refusal(forged, an_instrument())


def test_an_unknown_instrument_is_refused() -> None:
    assert "unknown instrument" in refusal(a_limit_order(), None)


@pytest.mark.parametrize("order_id", ["", "1/../x?y=1", "12 ", "no-such-order", "१२३", "-1"])
def test_only_digits_reach_the_address_that_the_server_builds(order_id: str) -> None:
    with pytest.raises(OrderRejected, match="digits only"):
        cancel_arguments(order_id, "regular")
