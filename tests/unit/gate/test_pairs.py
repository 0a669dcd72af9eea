"""A pair in flight counts once, and its target whenever its stop is over."""

from datetime import UTC, datetime
from decimal import Decimal

from app.gate.pairs import second_halves
from app.persistence.protections import PairTags
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    OrderType,
    Product,
    Side,
    Validity,
)
from riskgate.contracts.snapshots import BrokerSnapshot
from tests.fakes.instruments import INFY

NOW = datetime(2026, 3, 11, 4, 30, tzinfo=UTC)
PAIR = PairTags(stop="S", target="T")


def book(*orders: tuple[str, int]) -> BrokerSnapshot:
    return BrokerSnapshot(
        snapshot_id="snap-1",
        account_id="acct-1",
        source="paper",
        as_of=NOW,
        orders=tuple(an_order(tag, Decimal(open_)) for tag, open_ in orders),
        positions=(),
        holdings=(),
        margins=None,
    )


def an_order(tag: str, open_: Decimal) -> BrokerOrder:
    return BrokerOrder(
        instrument=INFY,
        side=Side.SELL,
        quantity=Decimal(10),
        product=Product.MIS,
        order_type=OrderType.LIMIT,
        validity=Validity.DAY,
        limit_price=Decimal(1030),
        broker_order_id=f"b-{tag}",
        tag=tag,
        cancelled_quantity=10 - open_,
        status=BrokerOrderStatus.OPEN if open_ else BrokerOrderStatus.CANCELLED,
        placed_at=NOW,
        updated_at=NOW,
    )


def test_the_target_is_left_out_while_its_stop_rests() -> None:
    assert second_halves([PAIR], book(("S", 10), ("T", 10))) == {"T"}


def test_the_target_counts_when_the_book_shows_its_stop_as_over() -> None:
    assert second_halves([PAIR], book(("S", 0), ("T", 10))) == frozenset()


def test_a_pair_that_the_book_does_not_show_counts_once_too() -> None:
    assert second_halves([PAIR], book()) == {"T"}
