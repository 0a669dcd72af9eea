"""What a live day came to, from our own orders and fills."""

from datetime import timedelta
from decimal import Decimal

from app.ledger.live_day import notional_of, realised_loss
from app.persistence.live_day import LiveAdjustment, LiveFill, LiveOrder
from riskgate.contracts.orders import Product, Side
from tests.builders import a_trade
from tests.unit.riskgate.builders import NOW

MIDNIGHT = NOW - timedelta(hours=3)
YESTERDAY = NOW - timedelta(days=1)


def fill(side: Side, quantity: int, price: int, *, multiplier: int | None = 1, **more: object) -> (
    LiveFill
):  # fmt: skip
    fields = {"side": side, "quantity": Decimal(quantity), "price": Decimal(price)}
    trade = a_trade().model_copy(update={"traded_at": NOW, **fields, **more})
    return LiveFill(trade=trade, multiplier=None if multiplier is None else Decimal(multiplier))


def test_a_sale_below_cost_loses_and_yesterdays_does_not_count() -> None:
    fills = [
        fill(Side.BUY, 20, 1000, traded_at=YESTERDAY),
        fill(Side.SELL, 10, 900, traded_at=YESTERDAY),
        fill(Side.SELL, 5, 990),
    ]
    assert realised_loss(fills, since=MIDNIGHT) == 50


def test_a_profit_is_a_negative_loss_and_the_multiplier_counts() -> None:
    fills = [
        fill(Side.SELL, 10, 1000, multiplier=2, product=Product.MIS),
        fill(Side.BUY, 10, 995, multiplier=2, product=Product.MIS),
    ]
    assert realised_loss(fills, since=MIDNIGHT) == -100


def test_crossing_zero_realises_only_what_was_held() -> None:
    fills = [
        fill(Side.BUY, 10, 100, product=Product.NRML),
        fill(Side.SELL, 15, 90, product=Product.NRML),
        fill(Side.BUY, 5, 95, product=Product.NRML),
    ]
    assert realised_loss(fills, since=MIDNIGHT) == 125


def test_a_sale_of_what_we_did_not_buy_makes_the_day_unknown() -> None:
    assert realised_loss([fill(Side.SELL, 5, 990)], since=MIDNIGHT) is None


def test_such_a_sale_of_another_day_does_not() -> None:
    fills = [
        fill(Side.SELL, 5, 990, traded_at=YESTERDAY),
        fill(Side.BUY, 5, 1000),
        fill(Side.SELL, 5, 980),
    ]
    assert realised_loss(fills, since=MIDNIGHT) == 100


def test_a_fill_whose_worth_is_not_known_makes_the_day_unknown() -> None:
    fills = [fill(Side.BUY, 5, 1000), fill(Side.SELL, 5, 990, multiplier=None)]
    assert realised_loss(fills, since=MIDNIGHT) is None


def an_order(filled: int, average: int | None, notional: int | None = 10_000) -> LiveOrder:
    return LiveOrder(
        quantity=Decimal(10),
        filled_quantity=Decimal(filled),
        average_price=None if average is None else Decimal(average),
        leg_quantity=Decimal(10),
        leg_notional=None if notional is None else Decimal(notional),
        multiplier=Decimal(1),
    )


def test_orders_count_at_their_fills_and_the_rest_as_planned() -> None:
    assert notional_of([an_order(0, None), an_order(4, 1100)]) == 10_000 + 4_400 + 6_000
    assert notional_of([]) == 0


def test_an_order_whose_plan_cannot_be_read_makes_the_sum_unknown() -> None:
    assert notional_of([an_order(0, None), an_order(0, None, notional=None)]) is None


def taken_over(quantity: int, price: int, *, minutes: int = -30, **more: bool) -> LiveAdjustment:
    trade = a_trade()
    return LiveAdjustment(
        at=NOW + timedelta(minutes=minutes),
        instrument=trade.instrument,
        product=Product.MIS,
        quantity=Decimal(quantity),
        average_price=Decimal(price),
        **more,
    )


def test_selling_what_was_taken_over_opens_no_short_that_turns_later_losses_into_profits() -> None:
    fills = [
        fill(Side.SELL, 10, 900, product=Product.MIS),
        fill(Side.BUY, 10, 800, product=Product.MIS, traded_at=NOW + timedelta(minutes=1)),
        fill(Side.SELL, 10, 700, product=Product.MIS, traded_at=NOW + timedelta(minutes=2)),
    ]
    assert realised_loss(fills, [taken_over(10, 950)], since=MIDNIGHT) == 500 + 1000


def test_a_closing_that_was_taken_over_today_makes_the_day_unknown_and_yesterdays_does_not() -> (
    None
):
    bought = fill(Side.BUY, 10, 900, product=Product.MIS, traded_at=YESTERDAY)
    assert realised_loss([bought], [taken_over(-10, 0)], since=MIDNIGHT) is None
    earlier = taken_over(-10, 0, minutes=-12 * 60)
    later = [bought, fill(Side.BUY, 5, 100, product=Product.MIS)]
    assert realised_loss(later, [earlier], since=MIDNIGHT) == 0


def test_a_consolidation_closes_nothing_and_its_new_price_is_the_cost() -> None:
    fills = [
        fill(Side.BUY, 10, 900, product=Product.MIS, traded_at=YESTERDAY),
        fill(Side.SELL, 5, 1700, product=Product.MIS),
    ]
    halved = taken_over(-5, 1800, keeps_cost=True)
    assert realised_loss(fills, [halved], since=MIDNIGHT) == 500


def test_a_fill_read_off_the_positions_that_closes_today_makes_the_day_unknown() -> None:
    fills = [
        fill(Side.BUY, 10, 900, traded_at=YESTERDAY),
        fill(Side.SELL, 10, 880, trade_id="ruled-ord-1"),
    ]
    assert realised_loss(fills, since=MIDNIGHT) is None
