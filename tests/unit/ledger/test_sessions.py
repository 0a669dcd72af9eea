"""When an order of an earlier session counts as ended though no book says so."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.ports import ReachBack
from app.ledger.sessions import covered_since, forgotten
from app.persistence.orders import OrderRecord
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, OrderState
from tests.fakes.orders import an_order

# 10:00 in India.
NOW = datetime(2026, 3, 11, 4, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
SESSION = ReachBack.SESSION


def sent(at: datetime, state: OrderState = OrderState.OPEN) -> OrderRecord:
    intent = an_order(limit="1400.00")
    return OrderRecord(
        intent=intent,
        approval_id="apr-1",
        payload_hash="0" * 64,
        state=state,
        broker_order_id="b-1",
        filled_quantity=intent.quantity * 0,
        cancelled_quantity=intent.quantity * 0,
        average_price=None,
        reason=None,
        send_by=at,
        created_at=at,
        sent_at=at,
        updated_at=at,
    )


def shown(broker_order_id: str, tag: str | None = None) -> BrokerOrder:
    own = {"order_id", "account_id", "plan_id", "leg", "slice", "tag"}
    return BrokerOrder.model_validate(
        {
            **an_order(limit="1400.00").model_dump(exclude=own),
            "tag": tag,
            "broker_order_id": broker_order_id,
            "status": BrokerOrderStatus.OPEN,
            "placed_at": NOW,
            "updated_at": NOW,
        }
    )


@pytest.mark.parametrize(
    ("before_midnight", "expected"), [(timedelta(seconds=1), True), (timedelta(0), False)]
)
def test_an_order_from_before_the_day_is_forgotten_by_a_book_of_the_day(
    before_midnight: timedelta, expected: bool
) -> None:
    assert forgotten(sent(MIDNIGHT - before_midnight), [], SESSION, at=NOW) is expected


@pytest.mark.parametrize(("days", "expected"), [(6, False), (7, False), (8, True)])
def test_a_book_of_a_week_forgets_after_a_week(days: int, expected: bool) -> None:
    assert forgotten(sent(NOW - timedelta(days=days)), [], None, at=NOW) is expected


def test_an_order_that_is_shown_by_its_id_or_its_tag_is_not_forgotten() -> None:
    old = sent(NOW - timedelta(days=30))
    assert forgotten(old, [shown("another")], SESSION, at=NOW)
    assert not forgotten(old, [shown("b-1")], SESSION, at=NOW)
    assert not forgotten(old, [shown("another", old.intent.tag)], SESSION, at=NOW)


@pytest.mark.parametrize("state", [s for s in OrderState if s.final] + [OrderState.PLANNED])
def test_what_is_over_or_never_left_is_not_forgotten(state: OrderState) -> None:
    assert not forgotten(sent(NOW - timedelta(days=30), state), [], SESSION, at=NOW)


def test_a_day_is_a_day_of_the_orders_own_exchange() -> None:
    intent = an_order(instrument=InstrumentRef(exchange=Exchange.NYSE, tradingsymbol="INFY"))
    order = sent(NOW)
    abroad = OrderRecord(**{**order.__dict__, "intent": intent})
    assert covered_since(order, SESSION, at=NOW) == MIDNIGHT
    assert covered_since(abroad, SESSION, at=NOW) == datetime(2026, 3, 11, 4, 0, tzinfo=UTC)
