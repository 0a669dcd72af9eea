"""Changes of orders, and triggers, through a session of ours at the stand-in."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import JsonValue

from adapters.brokers.kite_mcp.client import KiteBroker
from adapters.brokers.kite_mcp.gtt import Leg, TriggerTerms
from adapters.brokers.kite_mcp.triggers import KiteTriggers
from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from adapters.ports import OrderChange
from riskgate.contracts.orders import BrokerOrderStatus, Product, Side
from tests.fakes.instruments import INFY, UNKNOWN, MemoryInstruments
from tests.fakes.kite_oms import KiteOrder
from tests.fakes.kite_session import KiteDesk, a_kite_desk
from tests.fakes.kite_standin import Kind, Trouble
from tests.fakes.kite_wire import order_row
from tests.fakes.orders import ACCOUNT, an_order

LAST = Decimal("1488.00")
STOP = Leg(Decimal("1400.00"), Decimal("1398.00"), Decimal(5))
TARGET = Leg(Decimal("1600.00"), Decimal("1599.00"), Decimal(5))
SELL = TriggerTerms(INFY, Side.SELL, Product.CNC, (STOP,))
PAIR = TriggerTerms(INFY, Side.SELL, Product.CNC, (STOP, TARGET))


@pytest.fixture
async def desk() -> AsyncIterator[KiteDesk]:
    async with a_kite_desk() as desk:
        desk.be_logged_in()
        yield desk


@pytest.fixture
def broker(desk: KiteDesk) -> KiteBroker:
    return desk.broker()


@pytest.fixture
def triggers(desk: KiteDesk) -> KiteTriggers:
    return KiteTriggers(tools=desk.session, instruments=MemoryInstruments())


def a_change(
    quantity: str = "10", limit: str = "1479.00", trigger: str | None = None
) -> OrderChange:
    return OrderChange(
        quantity=Decimal(quantity),
        limit_price=Decimal(limit),
        trigger_price=None if trigger is None else Decimal(trigger),
    )


async def resting(broker: KiteBroker, tag: int = 1) -> str:
    return (await broker.place_order(an_order(limit="1480.00", tag=tag))).broker_order_id


def sent(desk: KiteDesk, tool: str) -> Mapping[str, JsonValue]:
    """Return the arguments of the only call of a tool."""
    (arguments,) = [dict(given) for name, given in desk.kite.calls if name == tool]
    return arguments


# Orders


async def test_a_change_sends_every_figure_and_is_read_back(
    desk: KiteDesk, broker: KiteBroker
) -> None:
    order_id = await resting(broker)
    order = await broker.change_order(ACCOUNT, order_id, a_change(quantity="7"))
    assert (order.quantity, order.limit_price) == (Decimal(7), Decimal("1479.00"))
    assert sent(desk, "modify_order") == {
        "variety": "regular",
        "order_id": order_id,
        "order_type": "LIMIT",
        "quantity": 7,
        "price": 1479.0,
    }


async def test_a_stop_keeps_its_trigger_in_a_change(desk: KiteDesk, broker: KiteBroker) -> None:
    ack = await broker.place_order(an_order(trigger="1500.00", limit="1505.00"))
    change = a_change(limit="1511.00", trigger="1506.00")
    order = await broker.change_order(ACCOUNT, ack.broker_order_id, change)
    assert (order.trigger_price, order.limit_price) == (Decimal("1506.00"), Decimal("1511.00"))
    assert sent(desk, "modify_order")["trigger_price"] == 1506.0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (a_change(limit="1479.03"), "tick size"),
        (a_change(quantity="7.5"), "lot size"),
        (a_change(trigger="1470.00"), "takes no trigger_price"),
        (OrderChange(quantity=Decimal(10)), "needs limit_price"),
    ],
)
async def test_a_change_that_cannot_be_said_is_refused_unsent(
    desk: KiteDesk, broker: KiteBroker, change: OrderChange, why: str
) -> None:
    order_id = await resting(broker)
    with pytest.raises(OrderRejected, match=why):
        await broker.change_order(ACCOUNT, order_id, change)
    assert desk.kite.count("modify_order") == 0


async def test_what_is_filled_cannot_be_changed_away(desk: KiteDesk, broker: KiteBroker) -> None:
    order_id = await resting(broker)
    desk.kite.oms.orders[0].filled = 7
    with pytest.raises(OrderRejected, match="7 of the order are filled"):
        await broker.change_order(ACCOUNT, order_id, a_change(quantity="7"))


@pytest.mark.parametrize("variety", ["co", "iceberg", "auction"])
async def test_an_order_of_another_variety_is_not_changed_through_this_server(
    desk: KiteDesk, broker: KiteBroker, variety: str
) -> None:
    order_id = await resting(broker)
    desk.kite.oms.orders[0].variety = variety
    with pytest.raises(OrderRejected, match="Kite's own app"):
        await broker.change_order(ACCOUNT, order_id, a_change())


async def test_an_order_that_is_over_or_not_there_is_not_changed(
    desk: KiteDesk, broker: KiteBroker
) -> None:
    done = await broker.place_order(an_order(limit="1490.00"))
    for order_id in (done.broker_order_id, "999"):
        with pytest.raises(OrderRejected):
            await broker.change_order(ACCOUNT, order_id, a_change())
    with pytest.raises(OrderRejected, match="digits"):
        await broker.change_order(ACCOUNT, "1/../2", a_change())
    assert desk.kite.count("modify_order") == 0


async def test_without_the_book_nothing_is_changed(desk: KiteDesk, broker: KiteBroker) -> None:
    order_id = await resting(broker)
    desk.kite.troubles.add("get_orders", Trouble(Kind.KITE_REFUSES))
    with pytest.raises(BrokerUnavailable):
        await broker.change_order(ACCOUNT, order_id, a_change())
    assert desk.kite.count("modify_order") == 0


@pytest.mark.parametrize("kind", [Kind.KITE_REFUSES, Kind.KITE_LATE_BOOKED, Kind.CUT])
async def test_a_change_without_a_clear_answer_is_unknown_and_sent_once(
    desk: KiteDesk, broker: KiteBroker, kind: Kind
) -> None:
    order_id = await resting(broker)
    desk.kite.troubles.add("modify_order", Trouble(kind))
    with pytest.raises(OutcomeUnknown):
        await broker.change_order(ACCOUNT, order_id, a_change())
    assert desk.kite.count("modify_order") == 1


async def test_a_change_that_the_book_does_not_show_is_unknown(
    desk: KiteDesk, broker: KiteBroker
) -> None:
    order_id = await resting(broker)
    modify = desk.kite.oms.modify
    desk.kite.oms.modify = lambda variety, order_id, form: modify(  # type: ignore[method-assign]
        variety, order_id, {**form, "quantity": "1"}
    )
    with pytest.raises(OutcomeUnknown, match="otherwise"):
        await broker.change_order(ACCOUNT, order_id, a_change())
    desk.kite.oms.modify = modify  # type: ignore[method-assign]
    desk.kite.troubles.add("get_orders", Trouble(Kind.NONE))
    desk.kite.troubles.add("get_orders", Trouble(Kind.KITE_REFUSES))
    with pytest.raises(OutcomeUnknown):
        await broker.change_order(ACCOUNT, order_id, a_change())


async def test_a_change_of_a_disclosed_quantity_keeps_it(
    desk: KiteDesk, broker: KiteBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await resting(broker)

    def disclosing(order: KiteOrder) -> JsonValue:
        row = order_row(order)
        assert isinstance(row, dict)
        return {**row, "disclosed_quantity": 3}

    monkeypatch.setattr("tests.fakes.kite_standin.account.order_row", disclosing)
    await broker.change_order(ACCOUNT, order_id, a_change())
    assert sent(desk, "modify_order")["disclosed_quantity"] == 3


async def test_a_cancel_that_kite_took_and_the_book_still_shows_open_is_unknown(
    desk: KiteDesk, broker: KiteBroker
) -> None:
    order_id = await resting(broker)

    async def pending(variety: str, number: str) -> object:
        desk.kite.oms.orders[0].status = "CANCEL PENDING"
        return desk.kite.oms.orders[0]

    desk.kite.oms.cancel = pending  # type: ignore[method-assign, assignment]
    with pytest.raises(OutcomeUnknown, match="CANCEL PENDING"):
        await broker.cancel_order(ACCOUNT, order_id)


async def test_a_fill_that_was_first_is_no_fault_of_the_cancel(
    desk: KiteDesk, broker: KiteBroker
) -> None:
    order_id = await resting(broker)

    async def filled(variety: str, number: str) -> object:
        order = desk.kite.oms.orders[0]
        order.status, order.filled, order.value = "COMPLETE", 10, Decimal("14800")
        return order

    desk.kite.oms.cancel = filled  # type: ignore[method-assign, assignment]
    await broker.cancel_order(ACCOUNT, order_id)
    (order,) = await broker.get_orders(ACCOUNT)
    assert order.status is BrokerOrderStatus.COMPLETE


# Triggers


@pytest.mark.parametrize("terms", [SELL, PAIR], ids=["single", "two legs"])
async def test_a_trigger_is_placed_whole_and_read_back(
    desk: KiteDesk, triggers: KiteTriggers, terms: TriggerTerms
) -> None:
    placed = await triggers.place(terms, last_price=LAST)
    assert (placed.terms, placed.status) == (terms, "active")
    assert await triggers.all() == (placed,)
    arguments = sent(desk, "place_gtt_order")
    named = {name for name in arguments if name.endswith(("quantity", "price", "value"))}
    prefixes = [""] if terms is SELL else ["lower_", "upper_"]
    figures = ("trigger_value", "quantity", "limit_price")
    assert named == {"last_price", *(f"{p}{name}" for p in prefixes for name in figures)}


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (replace(SELL, legs=()), "one leg or two"),
        (replace(SELL, legs=(STOP, TARGET, STOP)), "one leg or two"),
        (replace(PAIR, legs=(TARGET, STOP)), "first must be below"),
        (replace(PAIR, legs=(STOP, STOP)), "first must be below"),
        (replace(SELL, legs=(replace(STOP, trigger_price=LAST),)), "away from the last price"),
        (replace(SELL, legs=(replace(STOP, trigger_price=Decimal(0)),)), "tick size"),
        (replace(SELL, legs=(replace(STOP, trigger_price=Decimal("1400.03")),)), "tick size"),
        (replace(SELL, legs=(replace(STOP, limit_price=Decimal("1398.03")),)), "tick size"),
        (replace(SELL, legs=(replace(STOP, quantity=Decimal(0)),)), "above 0"),
        (replace(SELL, legs=(replace(STOP, limit_price=Decimal(0)),)), "above 0"),
        (replace(SELL, legs=(replace(STOP, quantity=Decimal("1.5")),)), "lot size"),
        (replace(SELL, product=Product.MIS), "no MIS trigger"),
        (replace(SELL, product=Product.NRML), "no NRML trigger"),
        (replace(SELL, instrument=UNKNOWN), "unknown instrument"),
    ],
)
async def test_a_trigger_with_anything_missing_or_off_is_refused_unsent(
    desk: KiteDesk, triggers: KiteTriggers, terms: TriggerTerms, why: str
) -> None:
    with pytest.raises(OrderRejected, match=why):
        await triggers.place(terms, last_price=LAST)
    assert desk.kite.count("place_gtt_order") == 0


async def test_a_trigger_is_changed_and_read_back(triggers: KiteTriggers) -> None:
    placed = await triggers.place(SELL, last_price=LAST)
    lower = replace(SELL, legs=(replace(STOP, trigger_price=Decimal("1390.00")),))
    changed = await triggers.change(placed.trigger_id, lower, last_price=LAST)
    assert (changed.trigger_id, changed.terms) == (placed.trigger_id, lower)


async def test_only_a_delivery_trigger_is_changed_for_the_server_makes_it_one(
    desk: KiteDesk, triggers: KiteTriggers, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await triggers.place(SELL, last_price=LAST)
    with pytest.raises(OrderRejected, match="makes a changed trigger CNC"):
        await triggers.change(
            placed.trigger_id, replace(SELL, product=Product.NRML), last_price=LAST
        )
    (kept,) = desk.kite.account("AB1234").gtt._triggers
    monkeypatch.setattr(
        kept, "form", {**kept.form, "orders": kept.form["orders"].replace("CNC", "NRML")}
    )
    with pytest.raises(OrderRejected, match="makes a changed trigger CNC"):
        await triggers.change(placed.trigger_id, SELL, last_price=LAST)
    assert desk.kite.count("modify_gtt_order") == 0


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (replace(SELL, side=Side.BUY), "instrument and side"),
        (PAIR, "number of legs"),
    ],
)
async def test_a_change_makes_no_other_trigger_of_it(
    triggers: KiteTriggers, terms: TriggerTerms, why: str
) -> None:
    placed = await triggers.place(SELL, last_price=LAST)
    with pytest.raises(OrderRejected, match=why):
        await triggers.change(placed.trigger_id, terms, last_price=LAST)


async def test_a_trigger_that_was_met_is_neither_changed_nor_deleted(
    desk: KiteDesk, triggers: KiteTriggers
) -> None:
    placed = await triggers.place(SELL, last_price=LAST)
    (kept,) = desk.kite.account("AB1234").gtt._triggers
    kept.status = "triggered"
    with pytest.raises(OrderRejected, match="triggered"):
        await triggers.change(placed.trigger_id, SELL, last_price=LAST)
    with pytest.raises(OrderRejected, match="triggered"):
        await triggers.delete(placed.trigger_id)


async def test_a_deleted_trigger_is_gone_and_deleting_it_again_is_refused(
    triggers: KiteTriggers,
) -> None:
    placed = await triggers.place(SELL, last_price=LAST)
    await triggers.delete(placed.trigger_id)
    assert await triggers.all() == ()
    with pytest.raises(OrderRejected):
        await triggers.delete(placed.trigger_id)


@pytest.mark.parametrize(("kind", "booked"), [(Kind.KITE_LATE_BOOKED, 1), (Kind.KITE_REFUSES, 0)])
async def test_a_lost_answer_to_a_trigger_is_looked_up_by_its_terms(
    desk: KiteDesk, triggers: KiteTriggers, kind: Kind, booked: int
) -> None:
    sent_at = desk.clock.now()
    desk.kite.troubles.add("place_gtt_order", Trouble(kind))
    with pytest.raises(OutcomeUnknown):
        await triggers.place(SELL, last_price=LAST)
    found = await triggers.find(SELL, sent_at=sent_at)
    assert (found is not None) == bool(booked)
    assert desk.kite.count("place_gtt_order") == 1


async def test_an_older_trigger_or_one_of_other_terms_is_not_the_one_looked_for(
    desk: KiteDesk, triggers: KiteTriggers
) -> None:
    await triggers.place(SELL, last_price=LAST)
    desk.clock.advance(seconds=2)
    assert await triggers.find(SELL, sent_at=desk.clock.now()) is None
    assert await triggers.find(PAIR, sent_at=desk.clock.now() - timedelta(hours=1)) is None


async def test_two_triggers_of_the_same_terms_are_told_and_not_chosen_from(
    desk: KiteDesk, triggers: KiteTriggers
) -> None:
    for _ in range(2):
        await triggers.place(SELL, last_price=LAST)
    with pytest.raises(OutcomeUnknown, match="2 triggers"):
        await triggers.find(SELL, sent_at=desk.clock.now())


@pytest.mark.parametrize("act", ["place", "change", "delete"])
async def test_a_trigger_written_and_not_read_back_is_unknown(
    desk: KiteDesk, triggers: KiteTriggers, act: str
) -> None:
    placed = await triggers.place(SELL, last_price=LAST)
    if act != "place":
        desk.kite.troubles.add("get_gtts", Trouble(Kind.NONE))
    desk.kite.troubles.add("get_gtts", Trouble(Kind.KITE_REFUSES))
    written: dict[str, Callable[[], Awaitable[object]]] = {
        "place": lambda: triggers.place(PAIR, last_price=LAST),
        "change": lambda: triggers.change(placed.trigger_id, SELL, last_price=LAST),
        "delete": lambda: triggers.delete(placed.trigger_id),
    }
    with pytest.raises(OutcomeUnknown):
        await written[act]()


async def test_a_server_that_is_down_takes_no_trigger(
    desk: KiteDesk, triggers: KiteTriggers
) -> None:
    desk.kite.go_down()
    for act in (triggers.all(), triggers.place(SELL, last_price=LAST), triggers.delete(1)):
        with pytest.raises(BrokerUnavailable):
            await act
