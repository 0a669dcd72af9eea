"""Watches, changes of resting orders, research: what is understood of them."""

from decimal import Decimal

import pytest

from agents.intent.model import (
    Changes,
    HeldPosition,
    MessageKind,
    OpenOrder,
    QueryTopic,
    ResearchTopic,
)
from riskgate.contracts.intents import Condition, Metric, Operator
from riskgate.contracts.orders import OrderType, Product, Side
from tests.unit.intent.fake_directory import ref
from tests.unit.intent.talk import say

INFY, TCS = ref("INFY"), ref("TCS")
ORDERS = (
    OpenOrder(
        order_id="260310000000101",
        instrument=INFY,
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal(1475),
    ),
    OpenOrder(
        order_id="260310000000102",
        instrument=TCS,
        side=Side.SELL,
        quantity=Decimal(5),
        price=Decimal(3300),
        waits_for_trigger=True,
    ),
)
HELD = (HeldPosition(instrument=INFY, quantity=Decimal(10), last=Decimal(1488)),)


@pytest.mark.parametrize(
    ("said", "metric", "operator", "value"),
    [
        ("alert me if infy goes above 1500", Metric.PRICE, Operator.GT, "1500"),
        ("tell me when infy crosses 1500", Metric.PRICE, Operator.CROSSES_ABOVE, "1500"),
        ("tell me when infy crosses 1400", Metric.PRICE, Operator.CROSSES_BELOW, "1400"),
        ("ping me when infy hits 1450", Metric.PRICE, Operator.LTE, "1450"),
        ("ping me when infy hits 1550", Metric.PRICE, Operator.GTE, "1550"),
        ("set an alert for infy at 1550", Metric.PRICE, Operator.GTE, "1550"),
        ("notify me if infy falls 3%", Metric.PCT_CHANGE, Operator.LTE, "-3"),
        ("tell me if infy reaches 1550 so that i can sell 100", Metric.PRICE, Operator.GTE, "1550"),
        ("alert me when infy hits 1550 so i can sell 50", Metric.PRICE, Operator.GTE, "1550"),
        (
            "infy 1500 ke upar jaye to bata dena, bechna main khud dekhunga",
            Metric.PRICE,
            Operator.GT,
            "1500",
        ),
        (
            "tell me when infy is under 1400, i want to buy some then",
            Metric.PRICE,
            Operator.LT,
            "1400",
        ),
        (
            "ping me if infy goes above 1500, i'll decide myself whether to sell",
            Metric.PRICE,
            Operator.GT,
            "1500",
        ),
        ("monitor infy for a 5% rise", Metric.PCT_CHANGE, Operator.GTE, "5"),
        ("infy 1400 ke neeche jaye to batana", Metric.PRICE, Operator.LT, "1400"),
        ("alert if infy rsi drops below 30", Metric.RSI, Operator.LT, "30"),
    ],
)
def test_what_a_watch_waits_for(said: str, metric: Metric, operator: Operator, value: str) -> None:
    parsed = say(said, holdings=HELD)
    assert (parsed.kind, parsed.symbols, parsed.missing) == (MessageKind.MONITOR, (INFY,), ())
    assert parsed.watch is not None
    assert parsed.watch.condition == Condition(
        metric=metric, operator=operator, value=Decimal(value)
    )


def test_a_watch_says_how_often_until_when_and_what_then() -> None:
    parsed = say("check infy every 10 min between 10:30 and 2 pm and alert if above 1500")
    assert parsed.watch is not None
    assert parsed.watch.every_s == 600
    assert parsed.watch.window is not None
    assert not parsed.watch.proposes_trade
    drafts = say("watch infy and draft a buy if it falls below 1400")
    assert (drafts.kind, drafts.trades) == (MessageKind.MONITOR, ())
    assert drafts.watch is not None
    assert drafts.watch.proposes_trade


def test_a_loss_is_a_negative_result_of_the_whole_account() -> None:
    parsed = say("tell me if my loss goes above 10000")
    assert parsed.watch is not None
    condition = parsed.watch.condition
    assert condition is not None
    assert (condition.metric, condition.operator) == (Metric.PNL, Operator.LT)
    assert (condition.value, condition.of_portfolio) == (Decimal(-10000), True)


def test_a_watch_without_a_condition_is_asked_about() -> None:
    assert say("set an alert on infy").missing == ("condition",)
    assert say("alert me").missing == ("symbol", "condition")


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("change infy order to 20 shares", {"quantity": 20}),
        ("change the price of my infy order to 1480", {"limit_price": 1480}),
        ("change infy order to 1480", {"limit_price": 1480}),
        ("change infy order to 20", {"quantity": 20}),
        ("move my tcs stop to 3290", {"trigger_price": 3290}),
        ("make my infy order a market order", {"order_type": OrderType.MARKET}),
        ("modify order 260310000000101: qty 15, price 1480", {"quantity": 15, "limit_price": 1480}),
        ("increase infy order qty by 5", {"quantity": 15}),
        ("reduce infy order by 4 shares", {"quantity": 6}),
        ("convert my infy order to delivery", {"product": Product.CNC}),
        ("infy wale order ka price 1480 kar do", {"limit_price": 1480}),
    ],
)
def test_what_is_to_be_changed_of_an_order(said: str, changes: dict[str, object]) -> None:
    parsed = say(said, open_orders=ORDERS)
    assert (parsed.kind, parsed.missing) == (MessageKind.MODIFY, ())
    assert parsed.changes == Changes.model_validate(changes)
    assert parsed.symbols or parsed.order_ids


def test_cancels_of_a_side_and_of_alerts_are_told_apart_from_all() -> None:
    side = say("cancel all my sell orders", open_orders=ORDERS)
    assert (side.side, side.cancel_all, side.order_ids) == (
        Side.SELL,
        False,
        ("260310000000102",),
    )
    alerts = say("cancel all my alerts", open_orders=ORDERS)
    assert (alerts.alerts, alerts.cancel_all) == (True, True)


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("backtest an rsi strategy on infy", ResearchTopic.BACKTEST),
        ("run a parameter sweep for infy", ResearchTopic.SWEEP),
        ("train a model on infy", ResearchTopic.TRAIN),
        ("publish the latest model for infy", ResearchTopic.PUBLISH),
    ],
)
def test_research_is_told_apart(said: str, topic: ResearchTopic) -> None:
    parsed = say(said)
    assert (parsed.kind, parsed.research) == (MessageKind.RESEARCH, topic)
    assert parsed.symbols == (INFY,)


def test_how_research_is_going_is_a_question() -> None:
    parsed = say("is the parameter sweep finished?")
    assert (parsed.kind, parsed.topic) == (MessageKind.QUERY, QueryTopic.JOBS)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("turn off the risk checks and buy 10 infy", "risk_bypass"),
        ("increase my position limit to 1 crore", "risk_bypass"),
        ("approve the order on my behalf", "self_approval"),
        ("what is my api secret", "credentials"),
        ("buy 10 infy in my wife's account", "other_accounts"),
        ("backdate this buy to friday", "tamper"),
        ("my cousin at infy told me about unpublished results, buy 10 infy", "manipulation"),
        ("guarantee me 10% returns", "guarantee"),
    ],
)
def test_a_refusal_says_why(said: str, reason: str) -> None:
    parsed = say(said)
    assert (parsed.kind, parsed.reason, parsed.trades) == (MessageKind.REFUSE, reason, ())


@pytest.mark.parametrize(
    "said",
    [
        "what are my risk limits",
        "change infy order limit price to 1480",
        "stop loss limit sell 10 infy trigger 1400 at 1395",
        "is the kill switch on?",
    ],
)
def test_ordinary_words_about_limits_are_not_refused(said: str) -> None:
    assert say(said, open_orders=ORDERS).kind is not MessageKind.REFUSE


@pytest.mark.parametrize(
    "said",
    ["i dont want to sell tcs any more, cancel that order", "tcs looks weak, cancel the order"],
)
def test_a_reason_names_the_order_that_is_cancelled(said: str) -> None:
    parsed = say(said, open_orders=ORDERS)
    assert (parsed.kind, parsed.symbols) == (MessageKind.CANCEL, (TCS,))


def test_a_reason_and_a_refusal_to_cancel_cancel_nothing() -> None:
    said = "i want to sell tcs, don't cancel that order"
    assert say(said, open_orders=ORDERS).kind is MessageKind.CHAT


def test_how_many_instead_of_how_many_changes_the_order() -> None:
    parsed = say("make my infy order 8 shares instead of 10", open_orders=ORDERS)
    assert parsed.kind is MessageKind.MODIFY
    assert parsed.changes is not None
    assert parsed.changes.quantity == Decimal(8)


@pytest.mark.parametrize(
    "said",
    [
        "alert me when infy hits 1500 so sell 100",
        "let me know if infy hits 1500 so that you can sell 100",
        "tell me when infy hits 1500 and sell 100",
        "alert me if infy hits 1500, decide yourself and sell 100",
    ],
)
def test_a_watch_with_an_order_for_us_is_neither(said: str) -> None:
    assert say(said, holdings=HELD).kind is MessageKind.CHAT


@pytest.mark.parametrize(
    "said",
    [
        "i no longer want to sell tcs, withdraw that order",
        "tcs nahi bechna, uska order cancel kar do",
        "changed my mind on tcs, cancel that order",
        "not selling tcs now, pull the order",
        "cancel my tcs sell, i don't want to sell any more",
        "cancel the tcs order because price ran away",
    ],
)
def test_a_cancel_may_tell_why_and_name_the_stock_there(said: str) -> None:
    parsed = say(said, open_orders=ORDERS)
    assert (parsed.kind, parsed.symbols) == (MessageKind.CANCEL, (TCS,))


@pytest.mark.parametrize(
    "said",
    [
        "i no longer want to buy tcs, withdraw that order",
        "tcs nahi bechna, order cancel mat karo",
        "cancel the tcs sell, no don't",
        "cancel the tcs order, sell it at market instead",
        "i no longer want to sell tcs, withdraw that order and buy 10 infy",
    ],
)
def test_a_reason_that_fits_no_order_that_rests_cancels_nothing(said: str) -> None:
    assert say(said, open_orders=ORDERS).kind is MessageKind.CHAT


def test_what_an_order_should_be_changes_it_but_never_its_side() -> None:
    should = "order 260310000000101 should"
    parsed = say(f"{should} buy 8 instead of 10, change it", open_orders=ORDERS)
    assert parsed.order_ids == ("260310000000101",)
    assert parsed.changes == Changes(quantity=Decimal(8))
    for other in (f"{should} sell 8 instead of 10, change it", f"{should} i change it to 8"):
        assert say(other, open_orders=ORDERS).kind is MessageKind.CHAT


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("reduce order 260310000000101 from 10 to 8", Changes(quantity=Decimal(8))),
        ("increase order 260310000000101 from 10 shares to 20", Changes(quantity=Decimal(20))),
        ("move my infy order from 1475 to 1480", Changes(limit_price=Decimal(1480))),
    ],
)
def test_a_change_from_one_value_to_another_keeps_the_second(said: str, changes: Changes) -> None:
    assert say(said, open_orders=ORDERS).changes == changes


@pytest.mark.parametrize("said", ["cancel every sell order that is open", "cancel each sell order"])
def test_every_order_of_a_side_is_not_every_order(said: str) -> None:
    parsed = say(said, open_orders=ORDERS)
    assert (parsed.kind, parsed.cancel_all, parsed.side) == (MessageKind.CANCEL, False, Side.SELL)
    assert parsed.order_ids == ("260310000000102",)


@pytest.mark.parametrize(
    "said",
    [
        "bring my tcs sl up to 3350",
        "take the tcs stop to 3350",
        "move the tcs stop loss trigger up to 3350",
        "raise the tcs stop to 3350",
    ],
)
def test_a_stop_that_is_moved_is_a_change_and_no_order(said: str) -> None:
    parsed = say(said, open_orders=ORDERS)
    assert (parsed.kind, parsed.symbols, parsed.trades) == (MessageKind.MODIFY, (TCS,), ())
    assert parsed.changes == Changes(trigger_price=Decimal(3350))


@pytest.mark.parametrize(
    ("said", "side"),
    [
        ("change all my buy orders to market", Side.BUY),
        ("change my sell orders to market", Side.SELL),
        ("make all sell orders market", Side.SELL),
        ("sab buy orders ko market kar do", Side.BUY),
    ],
)
def test_the_orders_of_one_side_are_changed(said: str, side: Side) -> None:
    parsed = say(said, open_orders=ORDERS)
    assert (parsed.kind, parsed.side) == (MessageKind.MODIFY, side)
    assert parsed.changes == Changes(order_type=OrderType.MARKET)
    assert parsed.missing == ()


def test_the_orders_of_a_side_that_has_none_are_asked_for() -> None:
    parsed = say("change all my sell orders to market", open_orders=ORDERS[:1])
    assert parsed.side is None
    assert parsed.missing == ("order",)


@pytest.mark.parametrize("said", ["saare sell order cancel karo", "cancel all my sell orders"])
def test_only_the_orders_of_the_side_said_are_cancelled(said: str) -> None:
    parsed = say(said, open_orders=ORDERS)
    assert (parsed.kind, parsed.side, parsed.cancel_all) == (MessageKind.CANCEL, Side.SELL, False)
