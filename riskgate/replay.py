"""Judge a recorded decision's inputs again and name the first difference."""

from collections.abc import Iterator
from itertools import zip_longest

from pydantic import JsonValue

from riskgate.contracts.base import Contract
from riskgate.contracts.decisions import RISK_DECISION_SCHEMA, RiskDecision
from riskgate.engine import evaluate
from riskgate.inputs import GateInput
from riskgate.policy import Policy


class Difference(Contract):
    """Where a decision made again first differs from the recorded one; null where one has none."""

    path: str
    recorded: JsonValue
    recomputed: JsonValue


def replay(policy: Policy, gate_input: GateInput, recorded: RiskDecision) -> Difference | None:
    """Return None when judging again gives the recorded decision, else the first difference.

    A decision of another schema was made by another engine and is not judged again.
    """
    foreign = schema_difference(recorded)
    if foreign is not None:
        return foreign
    again = evaluate(policy, gate_input)
    return _first_difference("$", recorded.model_dump(mode="json"), again.model_dump(mode="json"))


def schema_difference(recorded: RiskDecision) -> Difference | None:
    """Return the difference of a decision that another engine made.

    Asked before its inputs are read, which may be of another form.
    """
    if recorded.schema_id == RISK_DECISION_SCHEMA:
        return None
    return Difference(
        path="$.schema_id", recorded=recorded.schema_id, recomputed=RISK_DECISION_SCHEMA
    )


def _first_difference(path: str, old: JsonValue, new: JsonValue) -> Difference | None:
    if old == new:
        return None
    for step, was, now in _parts(old, new):
        if was != now:
            return _first_difference(f"{path}{step}", was, now)
    return Difference(path=path, recorded=old, recomputed=new)


def _parts(old: JsonValue, new: JsonValue) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old | new:
            yield f".{key}", old.get(key), new.get(key)
    elif isinstance(old, list) and isinstance(new, list):
        for index, (was, now) in enumerate(zip_longest(old, new)):
            yield f"[{index}]", was, now
