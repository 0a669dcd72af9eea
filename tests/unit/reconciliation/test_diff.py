"""Every difference between the ledger and the broker, once, with its severity."""

from decimal import Decimal
from typing import Any

import pytest

from app.reconciliation.diff import compare
from app.reconciliation.severities import SEVERITY
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, OrderState, Product
from riskgate.contracts.snapshots import ExpectedOrder, Position
from riskgate.contracts.traces import DeltaKind, DeltaSeverity, ReconciliationDelta
from tests.builders import TAG, an_expected_order
from tests.unit.riskgate.builders import (
    a_ledger,
    a_position,
    a_ref,
    a_snapshot,
    an_open_order,
)

H, M, L = DeltaSeverity.HIGH, DeltaSeverity.MEDIUM, DeltaSeverity.LOW


def differences(
    ours: list[Position] | list[ExpectedOrder], **theirs: Any
) -> tuple[ReconciliationDelta, ...]:
    positions = [item for item in ours if isinstance(item, Position)]
    orders = [item for item in ours if isinstance(item, ExpectedOrder)]
    ledger = a_ledger(expected_positions=tuple(positions), expected_orders=tuple(orders))
    return compare(ledger, a_snapshot(**theirs))


def ours_at_broker(**changes: Any) -> BrokerOrder:
    return an_open_order(**{"tag": TAG} | changes)


def position_delta(
    kind: DeltaKind, severity: DeltaSeverity, mine: int, truth: int
) -> ReconciliationDelta:
    return ReconciliationDelta(
        kind=kind,
        severity=severity,
        key="position:NSE:INFY:CNC",
        message=f"NSE:INFY CNC: the ledger has {mine}, the broker has {truth}",
        instrument=a_ref(),
        product=Product.CNC,
        expected=Decimal(mine),
        actual=Decimal(truth),
    )


def order_delta(
    kind: DeltaKind, severity: DeltaSeverity, message: str, **changes: Any
) -> ReconciliationDelta:
    fields: dict[str, Any] = {
        "kind": kind,
        "severity": severity,
        "key": "order:ord-1",
        "message": message,
        "instrument": a_ref(),
        "order_id": "ord-1",
    }
    return ReconciliationDelta.model_validate(fields | changes)


def test_every_kind_of_difference_has_the_severity_of_the_contract() -> None:
    assert SEVERITY == {
        DeltaKind.POSITION_QTY_MISMATCH: H,
        DeltaKind.ORDER_DUPLICATE_TAG: H,
        DeltaKind.ORDER_OUTCOME_UNKNOWN: H,
        DeltaKind.ORDER_UNEXPECTED_AT_BROKER: H,
        DeltaKind.ORDER_ENDED_UNSEEN: H,
        DeltaKind.ORDER_RULED_UNSEEN: H,
        DeltaKind.FILL_NOT_BOOKED: H,
        DeltaKind.POSITION_EXTRA_AT_BROKER: H,
        DeltaKind.POSITION_MISSING_AT_BROKER: M,
        DeltaKind.ORDER_STATE_MISMATCH: M,
        DeltaKind.ORDER_MISSING_AT_BROKER: M,
        DeltaKind.FILL_MISSING_AT_BROKER: M,
        DeltaKind.MARGINS_IMPLAUSIBLE: M,
        DeltaKind.PLAN_INCOMPLETE: M,
        DeltaKind.ORDER_EXTRA_AT_BROKER: L,
    }


# Positions


@pytest.mark.parametrize(
    ("mine", "truth", "kind", "severity"),
    [
        (10, 7, DeltaKind.POSITION_QTY_MISMATCH, H),
        (10, -10, DeltaKind.POSITION_QTY_MISMATCH, H),
        (10, 0, DeltaKind.POSITION_MISSING_AT_BROKER, M),
        (0, -3, DeltaKind.POSITION_EXTRA_AT_BROKER, H),
    ],
)
def test_a_different_quantity_is_named(
    mine: int, truth: int, kind: DeltaKind, severity: DeltaSeverity
) -> None:
    found = differences([a_position(mine)], positions=(a_position(truth),))
    assert found == (position_delta(kind, severity, mine, truth),)


def test_a_position_that_one_side_does_not_list_is_missing_or_extra() -> None:
    missing = position_delta(DeltaKind.POSITION_MISSING_AT_BROKER, M, 10, 0)
    assert differences([a_position(10)]) == (missing,)
    extra = position_delta(DeltaKind.POSITION_EXTRA_AT_BROKER, H, 0, 5)
    assert differences([], holdings=(a_position(5),)) == (extra,)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([], {}),
        ([a_position(10)], {"positions": (a_position(10),)}),
        ([a_position(10)], {"positions": (a_position(4),), "holdings": (a_position(6),)}),
        ([a_position(0)], {"positions": (a_position(5),), "holdings": (a_position(-5),)}),
        ([a_position(10, average_price=1)], {"positions": (a_position(10, average_price=2),)}),
        ([a_position("10.0")], {"positions": (a_position("10"),)}),
        (
            [a_position(5), a_position(-3, product=Product.MIS)],
            {"positions": (a_position(-3, product=Product.MIS), a_position(5))},
        ),
    ],
    ids=[
        "both empty",
        "the same",
        "split over positions and holdings",
        "cancelling out",
        "another average",
        "other zeros",
        "another order",
    ],
)
def test_equal_books_have_no_difference(ours: list[Position], theirs: dict[str, Any]) -> None:
    assert differences(ours, **theirs) == ()


def test_the_same_symbol_in_two_products_is_two_positions() -> None:
    found = differences([a_position(5)], positions=(a_position(5, product=Product.MIS),))
    assert [(delta.kind, delta.product) for delta in found] == [
        (DeltaKind.POSITION_MISSING_AT_BROKER, Product.CNC),
        (DeltaKind.POSITION_EXTRA_AT_BROKER, Product.MIS),
    ]


def test_differences_come_in_a_fixed_order_positions_first() -> None:
    found = compare(
        a_ledger(
            expected_positions=(a_position(1, "TCS"), a_position(1, "SBIN")),
            expected_orders=(an_expected_order(),),
        ),
        a_snapshot(positions=(a_position(1),)),
    )
    assert [delta.key for delta in found] == [
        "position:NSE:INFY:CNC",
        "position:NSE:SBIN:CNC",
        "position:NSE:TCS:CNC",
        "order:ord-1",
    ]


# Orders


def test_an_order_that_both_show_alike_is_no_difference() -> None:
    assert differences([an_expected_order()], orders=(ours_at_broker(),)) == ()
    done = ours_at_broker(status=BrokerOrderStatus.COMPLETE, filled_quantity=Decimal(10))
    assert differences([], orders=(done,)) == ()


def test_an_order_that_was_never_sent_is_not_looked_for() -> None:
    planned = an_expected_order(state=OrderState.PLANNED.value, broker_order_id=None)
    assert differences([planned]) == ()


@pytest.mark.parametrize("state", [OrderState.UNKNOWN, OrderState.SENDING])
def test_an_order_that_may_be_at_the_broker_is_for_a_person(state: OrderState) -> None:
    unknown = an_expected_order(state=state.value, broker_order_id=None)
    assert differences([unknown]) == (
        order_delta(
            DeltaKind.ORDER_OUTCOME_UNKNOWN,
            H,
            "order ord-1 may or may not be at the broker; it is not sent again",
        ),
    )


def test_an_order_that_the_broker_does_not_show_is_missing() -> None:
    assert differences([an_expected_order()]) == (
        order_delta(
            DeltaKind.ORDER_MISSING_AT_BROKER,
            M,
            "the broker does not show order b-1",
            broker_order_id="b-1",
            expected=Decimal(10),
        ),
    )


@pytest.mark.parametrize(
    ("shown", "opened", "status"),
    [
        ({"filled_quantity": Decimal(4)}, 6, "OPEN"),
        ({"status": BrokerOrderStatus.CANCELLED}, 0, "CANCELLED"),
        ({"status": BrokerOrderStatus.COMPLETE, "filled_quantity": Decimal(10)}, 0, "COMPLETE"),
    ],
)
def test_another_open_quantity_is_a_mismatch(
    shown: dict[str, Any], opened: int, status: str
) -> None:
    assert differences([an_expected_order()], orders=(ours_at_broker(**shown),)) == (
        order_delta(
            DeltaKind.ORDER_STATE_MISMATCH,
            M,
            f"order b-1: the ledger has 10 open, the broker {opened} ({status})",
            broker_order_id="b-1",
            expected=Decimal(10),
            actual=Decimal(opened),
        ),
    )


def test_two_orders_with_our_tag_are_one_exception_and_not_two_foreign_orders() -> None:
    twice = (ours_at_broker(), ours_at_broker(broker_order_id="b-2"))
    expected = order_delta(
        DeltaKind.ORDER_DUPLICATE_TAG, H, "the broker has 2 orders with the tag of ord-1"
    )
    assert differences([an_expected_order()], orders=twice) == (expected,)
    lost = an_expected_order(state=OrderState.UNKNOWN.value, broker_order_id=None)
    assert differences([lost], orders=twice) == (expected,)


@pytest.mark.parametrize("tag", [None, "", "B" * 20])
def test_an_open_order_that_is_not_ours_is_extra_whatever_its_tag(tag: str | None) -> None:
    foreign = an_open_order(tag=tag, broker_order_id="b-9", filled_quantity=Decimal(3))
    assert differences([], orders=(foreign,)) == (
        order_delta(
            DeltaKind.ORDER_EXTRA_AT_BROKER,
            L,
            "the broker has an open order b-9 that is not ours",
            key="order:b-9",
            order_id=None,
            broker_order_id="b-9",
            actual=Decimal(7),
        ),
    )


def test_foreign_orders_that_are_over_and_tags_of_strangers_are_no_difference() -> None:
    over = an_open_order(tag=None, status=BrokerOrderStatus.CANCELLED)
    twins = [
        an_open_order(
            tag="B" * 20, broker_order_id=f"b-{number}", status=BrokerOrderStatus.REJECTED
        )
        for number in (7, 8)
    ]
    assert differences([], orders=(over, *twins)) == ()
