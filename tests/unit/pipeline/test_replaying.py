"""A replay names the first place where the answer is another one."""

from typing import Any, cast

import pytest

from app.persistence.database import Session
from app.pipeline.replaying import ReplayedStep, ReplayReport, first_difference, replay_trace
from app.planning.compose import compose_plan
from riskgate.contracts.orders import OrderType
from riskgate.contracts.traces import DecisionTrace, ReplayStep
from tests.builders import a_planning_input, a_trade_intent, sizing
from tests.unit.contracts.samples import the_trace
from tests.unit.riskgate.builders import changed

NO_DATABASE = cast(Session, None)


@pytest.mark.parametrize(
    ("recorded", "again", "difference"),
    [
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, None),
        ({"a": "1"}, {"a": "2"}, "$.a: recorded '1', replayed '2'"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "$.a[1]: recorded 2, replayed 3"),
        ({"a": [1]}, {"a": [1, 2]}, "$.a: recorded [1], replayed [1, 2]"),
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, "$.a: recorded 1, replayed 2"),
        ({"a": 1}, {}, "$.a: recorded 1, replayed '(absent)'"),
        ({"a": None}, {}, "$.a: recorded None, replayed '(absent)'"),
        ({"a": {}}, {"a": []}, "$.a: recorded {}, replayed []"),
        ("1", 1, "$: recorded '1', replayed 1"),
    ],
)
def test_the_first_difference_is_named_with_its_path_and_both_sides(
    recorded: object, again: object, difference: str | None
) -> None:
    assert first_difference(recorded, again) == difference


def traced(**changes: Any) -> DecisionTrace:
    """Trace a plan sized by money, at a price written with spare zeros."""
    intent = a_trade_intent(
        sizing=sizing("notional", "50000.00"), order_type=OrderType.LIMIT, limit_price="1000.50"
    )
    inputs = a_planning_input(intent)
    step = ReplayStep(
        step="plan",
        inputs=inputs.model_dump(mode="json"),
        output=compose_plan(inputs).model_dump(mode="json"),
    )
    return changed(the_trace(), replay=(changed(step, **changes),))


async def test_a_stored_plan_is_made_again_byte_for_byte() -> None:
    assert await replay_trace(NO_DATABASE, traced()) == ReplayReport(
        decision_id="dec-1", equal=True, steps=(ReplayedStep(step="plan", equal=True),)
    )


async def test_a_market_plan_that_an_older_release_traced_is_still_made_as_it_was() -> None:
    """Its inputs say nothing of order types or collars: then the broker took what was asked."""
    inputs = a_planning_input()
    stored = inputs.model_dump(mode="json", exclude={"order_types", "collars"})
    output = compose_plan(inputs).model_dump(mode="json")
    assert output["order_skeleton"]["order_type"] == "MARKET"
    step = ReplayStep(step="plan", inputs=stored, output=output)
    assert (await replay_trace(NO_DATABASE, changed(the_trace(), replay=(step,)))).equal


async def test_a_plan_that_was_altered_in_the_trace_is_noticed() -> None:
    output = dict(traced().replay[0].output)
    report = await replay_trace(NO_DATABASE, traced(output={**output, "account_id": "other"}))
    assert report.steps == (
        ReplayedStep(
            step="plan",
            equal=False,
            difference="$.account_id: recorded 'other', replayed 'paper-1'",
        ),
    )
    assert not report.equal


async def test_a_trace_without_steps_is_equal() -> None:
    nothing = changed(the_trace(), replay=())
    assert await replay_trace(NO_DATABASE, nothing) == ReplayReport(
        decision_id="dec-1", equal=True, steps=()
    )
