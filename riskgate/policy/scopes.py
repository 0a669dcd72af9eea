"""The limits that hold for one order: symbol before strategy before the policy's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from riskgate.policy.document import PEER_VERSION, Override, Policy, given, is_looser
from riskgate.policy.limits import Limits


@dataclass(frozen=True, slots=True)
class Scope:
    """Limits for one symbol and strategy, and which override each changed one came from.

    `sources` maps `block.field` to the override's name. `loosened` let more pass than the policy's
    own limit, or than the strategy's that they stand in for.
    """

    limits: Limits
    sources: Mapping[str, str]
    loosened: frozenset[str]


def longest_duplicate_window(policy: Policy) -> Decimal:
    """Return the longest window in which any symbol or strategy takes an order for a repeat."""
    overrides = (*policy.symbols.values(), *policy.strategies.values())
    windows = [override.limits.execution.duplicate_window_s for override in overrides]
    return max(policy.limits.execution.duplicate_window_s, *windows, Decimal(0))


def scope_of(policy: Policy, names: tuple[str, ...], strategy_id: str) -> Scope:
    """Return what holds for an instrument, by its exact name before its plain symbol.

    `names` are the instrument's, most exact first: `("NSE:INFY", "INFY")`. An override that may not
    loosen leaves a tighter limit below it standing, a strategy's say; in the peer's version the
    stronger one holds whatever it is.
    """
    changes: dict[str, dict[str, Any]] = {}
    sources: dict[str, str] = {}
    loosened: set[str] = set()
    for name, override in _layers(policy, names, strategy_id):
        for block, field, value in given(override.limits):
            base = getattr(getattr(policy.limits, block), field)
            below = changes.get(block, {}).get(field, base)
            path, looser = f"{block}.{field}", is_looser(block, field, value, below)
            if looser and not (override.may_loosen or policy.version == PEER_VERSION):
                continue
            changes.setdefault(block, {})[field] = value
            sources[path] = name
            lets_more = looser or is_looser(block, field, value, base)
            (loosened.add if lets_more else loosened.discard)(path)
    return Scope(_limits(policy.limits, changes), sources, frozenset(loosened))


def _layers(
    policy: Policy, names: tuple[str, ...], strategy_id: str
) -> Iterator[tuple[str, Override]]:
    """Yield the overrides that concern an order, the weakest first."""
    if strategy_id in policy.strategies:
        yield f"strategy {strategy_id}", policy.strategies[strategy_id]
    for name in reversed(names):
        if name in policy.symbols:
            yield f"symbol {name}", policy.symbols[name]


def _limits(limits: Limits, changes: Mapping[str, Mapping[str, Any]]) -> Limits:
    return limits.model_copy(
        update={
            block: getattr(limits, block).model_copy(update=fields)
            for block, fields in changes.items()
        }
    )
