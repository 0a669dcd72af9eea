"""A draft that lacks nothing becomes an intent; defaults fill two fields and say so."""

import pytest

from agents.intent.complete import to_intent
from agents.intent.model import Problem, TradeDraft
from riskgate.contracts.intents import ProvenanceSource, TimeWindow, TradeIntent
from riskgate.contracts.orders import OrderType, Product
from tests.unit.intent.talk import say


def draft_of(message: str) -> TradeDraft:
    (trade,) = say(message).trades
    return trade


def intent_of(message: str) -> TradeIntent:
    built = to_intent(
        draft_of(message), default_product=Product.CNC, default_order_type=OrderType.MARKET
    )
    assert isinstance(built, TradeIntent)
    return built


def problems_of(
    message: str,
    product: Product | None = Product.CNC,
    order_type: OrderType | None = OrderType.MARKET,
) -> list[tuple[str, str]]:
    built = to_intent(draft_of(message), default_product=product, default_order_type=order_type)
    assert not isinstance(built, TradeIntent)
    assert all(isinstance(problem, Problem) for problem in built)
    return [(problem.code, problem.field) for problem in built]


def test_defaults_fill_product_and_order_type_and_say_so() -> None:
    intent = intent_of("buy 10 infy")
    assert (intent.product, intent.order_type) == (Product.CNC, OrderType.MARKET)
    for name, text in (
        ("product", "account default: CNC"),
        ("order_type", "account default: MARKET"),
    ):
        source = intent.provenance[name]
        assert (source.source, source.text) == (ProvenanceSource.POLICY_DEFAULT, text)


def test_what_was_said_wins_over_defaults() -> None:
    intent = intent_of("buy 10 infy mis at 1480")
    assert (intent.product, intent.order_type) == (Product.MIS, OrderType.LIMIT)
    assert intent.provenance["order_type"].source is ProvenanceSource.USER_SPAN


def test_a_price_decides_the_order_type_before_the_default_does() -> None:
    draft = draft_of("buy 10 infy at 1480")
    sources = {name: said for name, said in draft.provenance.items() if name != "order_type"}
    untyped = draft.model_copy(update={"order_type": None, "provenance": sources})
    built = to_intent(untyped, default_product=Product.CNC, default_order_type=OrderType.MARKET)
    assert isinstance(built, TradeIntent)
    assert built.order_type is OrderType.LIMIT
    assert built.provenance["order_type"] == draft.provenance["limit_price"]


def test_nothing_is_made_up_without_a_default() -> None:
    assert problems_of("buy 10 infy", None, None) == [
        ("FIELD_MISSING", "product"),
        ("FIELD_MISSING", "order_type"),
    ]
    assert problems_of("buy 10 infy", order_type=OrderType.LIMIT) == [
        ("FIELD_MISSING", "limit_price")
    ]


def test_every_missing_field_and_bad_value_is_named() -> None:
    assert problems_of("buy infy") == [("FIELD_MISSING", "size")]
    assert problems_of("buy 0 infy") == [("QUANTITY_INVALID", "size")]
    assert problems_of("buy 10 infy at -5") == [("PRICE_INVALID", "limit_price")]


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ("tomorrow before 11 am", ("2026-03-10T18:30Z", "2026-03-11T05:30Z")),
        ("on 16 march before 11 am", ("2026-03-15T18:30Z", "2026-03-16T05:30Z")),
        ("before 2 pm", ("2026-03-09T18:30Z", "2026-03-10T08:30Z")),
        ("tomorrow after 11 am", ("2026-03-11T05:30Z", None)),
    ],
)
def test_an_order_for_before_a_time_of_another_day_waits_for_that_day(
    said: str, window: tuple[str, str | None]
) -> None:
    start, end = window
    assert intent_of(f"buy 10 infy {said}").time_window == TimeWindow.model_validate(
        {"start": start, "end": end}
    )


def test_the_account_is_a_choice_of_the_screen() -> None:
    built = to_intent(
        draft_of("buy 10 infy"),
        default_product=Product.CNC,
        default_order_type=OrderType.MARKET,
        account_id="paper-1",
    )
    assert isinstance(built, TradeIntent)
    assert built.provenance["account_id"].source is ProvenanceSource.UI
