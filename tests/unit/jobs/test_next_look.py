"""When an account's orders are looked at again."""

from datetime import timedelta

import pytest

from app.jobs.parts import BACK_OFF_S
from app.jobs.tasks.follow_account import IN_DOUBT, IN_DOUBT_S, IN_DOUBT_TRIES, next_look
from riskgate.contracts.orders import OrderState
from tests.builders import an_order_record

MANY = 1_000


def test_nothing_open_is_not_looked_at_again() -> None:
    assert next_look([], 0) is None


@pytest.mark.parametrize("attempt", [0, 1, 2, 3, 4, 5, MANY])
def test_resting_orders_are_looked_at_ever_less_often(attempt: int) -> None:
    wait = next_look([an_order_record(state=OrderState.OPEN)], attempt)

    assert wait == timedelta(seconds=BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])


@pytest.mark.parametrize("state", sorted(IN_DOUBT))
def test_orders_in_doubt_are_looked_for_every_two_seconds_then_like_others(
    state: OrderState,
) -> None:
    order = an_order_record(state=state)
    waits = [next_look([order], attempt) for attempt in range(IN_DOUBT_TRIES)]

    assert max(wait.total_seconds() for wait in waits if wait is not None) == IN_DOUBT_S
    assert next_look([order], IN_DOUBT_TRIES) == timedelta(seconds=BACK_OFF_S[-1])
