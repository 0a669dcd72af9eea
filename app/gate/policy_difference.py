"""What a new policy changes, limit by limit, and whether it lets more or less pass."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

from pydantic import JsonValue

from app.gate.kill_switch import STRICTNESS
from riskgate.contracts.base import Contract
from riskgate.policy import Limits, Mode, Override, Policy
from riskgate.policy.document import given, is_looser
from riskgate.policy.plain import override_path


class Direction(StrEnum):
    """What a change does to what passes; EITHER depends on the order, NEITHER does nothing."""

    TIGHTER = "tighter"
    LOOSER = "looser"
    EITHER = "either"
    NEITHER = "neither"


class FieldChange(Contract):
    """One limit that differs; `path` is its place in the document."""

    path: str
    old: JsonValue
    new: JsonValue
    direction: Direction

    @property
    def loosens(self) -> bool:
        """Whether something may pass that was refused before."""
        return self.direction in {Direction.LOOSER, Direction.EITHER}


Field = tuple[str, str]
_ACCOUNT_BLOCKS: Final = ("kill_switch", "approval", "live")
_KINDS: Final = {"symbols": "symbol", "strategies": "strategy"}


def differences(old: Policy, new: Policy) -> tuple[FieldChange, ...]:
    """Return every difference; none exactly when both have the same hash."""
    return tuple((*_of_document(old, new), *_of_blocks(old, new), *_of_overrides(old, new)))


def _of_document(old: Policy, new: Policy) -> Iterator[FieldChange]:
    if old.version != new.version:
        yield FieldChange(
            path="version", old=old.version, new=new.version, direction=Direction.EITHER
        )
    if old.mode is not new.mode:
        monitors = new.mode is Mode.MONITOR
        yield FieldChange(
            path="defaults.mode",
            old=old.mode.value,
            new=new.mode.value,
            direction=Direction.LOOSER if monitors else Direction.TIGHTER,
        )


def _of_blocks(old: Policy, new: Policy) -> Iterator[FieldChange]:
    for block in (*Limits.model_fields, *_ACCOUNT_BLOCKS):
        was, now = _block(old, block), _block(new, block)
        was_shown, now_shown = was.model_dump(mode="json"), now.model_dump(mode="json")
        for field in type(was).model_fields:
            before, after = getattr(was, field), getattr(now, field)
            if before != after:
                yield FieldChange(
                    path=f"limits.{block}.{field}",
                    old=was_shown[field],
                    new=now_shown[field],
                    direction=_direction((block, field), before, after),
                )


def _block(policy: Policy, name: str) -> Contract:
    block = getattr(policy if name in _ACCOUNT_BLOCKS else policy.limits, name)
    assert isinstance(block, Contract)
    return block


def _of_overrides(old: Policy, new: Policy) -> Iterator[FieldChange]:
    for kind, scope in _KINDS.items():
        before, after = getattr(old, kind), getattr(new, kind)
        for name in sorted({*before, *after}):
            where = f"{scope} {name}"
            was, now = before.get(name, Override()), after.get(name, Override())
            if was.may_loosen != now.may_loosen:
                yield FieldChange(
                    path=override_path(where, "may_loosen"),
                    old=was.may_loosen,
                    new=now.may_loosen,
                    direction=Direction.NEITHER,
                )
            for field in sorted({*_given(was), *_given(now)}):
                below = kind == "symbols" and _gives_below((old, new), name, field)
                yield from _of_override(old, new, where, (was, now), field, below)


def _of_override(
    old: Policy,
    new: Policy,
    where: str,
    overrides: tuple[Override, Override],
    field: Field,
    below: bool,
) -> Iterator[FieldChange]:
    """Compare what holds for a name: where an override is silent, the policy's own limit."""
    was, now = overrides
    before, after = _holds(old, was, field), _holds(new, now, field)
    in_both = field in _given(was) and field in _given(now)
    if in_both and before == after:
        return
    direction = _direction(field, before, after)
    # Without this override another one would hold, looser or tighter than the policy's own limit.
    if below and not in_both:
        direction = Direction.EITHER
    yield FieldChange(
        path=override_path(where, ".".join(field)),
        old=_shown(old, was, field),
        new=_shown(new, now, field),
        direction=direction,
    )


def _given(override: Override) -> dict[Field, Any]:
    return {(block, field): value for block, field, value in given(override.limits)}


def _holds(policy: Policy, override: Override, field: Field) -> Any:
    base = getattr(getattr(policy.limits, field[0]), field[1])
    return _given(override).get(field, base)


def _shown(policy: Policy, override: Override, field: Field) -> JsonValue:
    limits = override.limits if field in _given(override) else policy.limits
    shown: JsonValue = getattr(limits, field[0]).model_dump(mode="json")[field[1]]
    return shown


def _gives_below(policies: tuple[Policy, Policy], name: str, field: Field) -> bool:
    """Say whether a strategy, or the symbol on every exchange, gives a field that a symbol does."""
    plain = name.rpartition(":")[2]
    overrides = [one for policy in policies for one in policy.strategies.values()]
    if plain != name:
        overrides += [policy.symbols[plain] for policy in policies if plain in policy.symbols]
    return any(field in _given(override) for override in overrides)


def _direction(field: Field, before: Any, after: Any) -> Direction:
    looser, tighter = _is_looser(field, after, before), _is_looser(field, before, after)
    if looser and tighter:
        return Direction.EITHER
    if looser:
        return Direction.LOOSER
    return Direction.TIGHTER if tighter else Direction.NEITHER


def _is_looser(field: Field, value: Any, base: Any) -> bool:
    match field:
        case ("kill_switch", "trip_on_rules"):
            return not set(value) >= set(base)
        case ("kill_switch", "violation_window_seconds"):
            return bool(value < base)
        case ("kill_switch", "trip_to"):
            return STRICTNESS[value] < STRICTNESS[base]
        case ("approval", "policy_change_four_eyes"):
            return bool(base and not value)
        case ("approval", "execute_without_approval_below_notional"):
            return bool((value or 0) > (base or 0))
        case ("live", _):
            # Without all its limits nothing is live, so a missing one refuses most.
            return value is not None and (base is None or value > base)
    return is_looser(*field, value, base)
