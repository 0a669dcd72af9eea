"""Policies as people write them: YAML or JSON to a policy and back, every fault with its path."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeVar

import yaml
from pydantic import Field, ValidationError

from riskgate.contracts.base import Contract, decimal_text
from riskgate.policy.document import (
    DEFAULT_POLICY,
    PEER_VERSION,
    VERSION,
    Mode,
    Override,
    Policy,
    ScopeName,
    given,
    loosenings,
)
from riskgate.policy.explain import explain, written_limit
from riskgate.policy.limits import (
    WRITTEN,
    ApprovalLimits,
    KillSwitchLimits,
    Limits,
    LiveLimits,
)
from riskgate.policy.plain import (
    Faults,
    Path,
    checked_plain,
    load_plain,
    read_word,
    shown,
)
from riskgate.policy.rule_ids import KNOWN_RULES

Block = TypeVar("Block", bound=Contract)

# What a document may hold: names with what is below them, None for a value, * for any name.
Shape = Mapping[str, "Shape | None"]

_ACCOUNT_BLOCKS: Final[Mapping[str, type[Contract]]] = {
    "kill_switch": KillSwitchLimits,
    "approval": ApprovalLimits,
    "live": LiveLimits,
}


def _fields(model: type[Contract]) -> Shape:
    return dict.fromkeys(model.model_fields)


def _document_shape(limits: Shape, account: Shape, override: Shape, defaults: Shape) -> Shape:
    return {
        "version": None,
        "timezone": None,
        "defaults": defaults,
        "limits": {**limits, **account},
        "overrides": {"symbols": {"*": override}, "strategies": {"*": override}},
    }


_LIMITS: Final[Shape] = {
    name: _fields(type(getattr(DEFAULT_POLICY.limits, name))) for name in Limits.model_fields
}
_PEER_LIMITS: Final[Shape] = {
    "exposure": dict.fromkeys(("max_position_pct", "max_gross_exposure_x", "max_net_exposure_x")),
    "loss": dict.fromkeys(("daily_loss_limit_pct", "max_drawdown_pct")),
    "execution": dict.fromkeys(
        ("max_orders_per_minute_global", "max_orders_per_minute_by_strategy")
    ),
}
_PEER_KILL_SWITCH: Final[Shape] = dict.fromkeys(
    ("trip_on_rules", "trip_after_n_violations", "violation_window_seconds")
)
_PEER_MAY_LACK: Final = {"max_net_exposure_x", "trip_on_rules"}
SHAPES: Final[Mapping[str, Shape]] = {
    PEER_VERSION: _document_shape(
        _PEER_LIMITS,
        {"kill_switch": _PEER_KILL_SWITCH},
        _PEER_LIMITS,
        dict.fromkeys(("mode", "decision")),
    ),
    VERSION: _document_shape(
        _LIMITS,
        {name: _fields(model) for name, model in _ACCOUNT_BLOCKS.items()},
        {**_LIMITS, "may_loosen": None},
        {"mode": None},
    ),
}


_WRITTEN_BELOW_LIMITS: Final = {*_LIMITS, *_ACCOUNT_BLOCKS}


class _Defaults(Contract):
    mode: Mode = Mode.ENFORCE
    decision: Literal["deny", "allow"] = "deny"


class _AccountLimits(Limits):
    kill_switch: KillSwitchLimits = KillSwitchLimits()
    approval: ApprovalLimits = ApprovalLimits()
    live: LiveLimits = LiveLimits()


class _WrittenOverride(Limits):
    may_loosen: Annotated[bool, Field(strict=True)] = False


class _Overrides(Contract):
    symbols: dict[ScopeName, _WrittenOverride] = Field(default_factory=dict)
    strategies: dict[ScopeName, _WrittenOverride] = Field(default_factory=dict)


class _Document(Contract):
    version: Literal["0.1", "1"]
    timezone: str = "UTC"
    defaults: _Defaults = _Defaults()
    limits: _AccountLimits = _AccountLimits()
    overrides: _Overrides = _Overrides()


def parse_policy(text: str) -> Policy:
    """Read a policy from YAML or JSON text, numbers exactly as written.

    What a document of version 1 leaves out has the value of DEFAULT_POLICY; in version 0.1 it is
    off. Raises PolicyInvalid with every fault, its path, line and remedy.
    """
    faults = Faults()
    return read_policy(load_plain(text, faults), faults)


def parse_policy_value(value: object) -> Policy:
    """Read a policy that was decoded from JSON already, by `json.loads(..., parse_float=Decimal)`.

    Raises PolicyInvalid as parse_policy does, without lines.
    """
    return read_policy(value, Faults())


def policy_text(policy: Policy) -> str:
    """Write a policy as YAML that parse_policy reads back with the same hash.

    Version 1 is written in full, so that later defaults change nothing. Raises PolicyInvalid where
    the policy holds what its version has no words for, or more than a text may be long.
    """
    text = yaml.dump(
        _written(policy),
        Dumper=_Writer,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=1_000_000,
    )
    parse_policy(text)
    return text


def read_policy(value: object, faults: Faults) -> Policy:
    """Read a policy from plain values; faults noted before are raised with its own."""
    value = checked_plain(value, faults)
    if not isinstance(value, dict):
        faults.stop(
            (), f"must be a mapping, was {shown(value)}", f'begin with version: "{VERSION}"'
        )
    version = _version(value, faults)
    fitted = _fit(value, version, faults)
    _check_timezone(fitted, faults)
    if version == PEER_VERSION:
        _check_peer_fields(value, fitted, faults)
    else:
        _check_trip_rules(fitted, faults)
    parts = _parts(_validated({**fitted, "version": version}, faults))
    _check_loosenings(Policy.model_construct(**parts), faults)
    faults.raise_any()
    return Policy(**parts)


def _version(value: dict[str, object], faults: Faults) -> str:
    version = value.get("version", PEER_VERSION)
    if not isinstance(version, str) and str(version) in SHAPES:
        faults.stop(("version",), "must be in quotes", f'write version: "{version}"')
    if str(version) not in SHAPES:
        message = f'must be "{PEER_VERSION}" or "{VERSION}", was {shown(version)}'
        faults.stop(("version",), message, f'write version: "{VERSION}"')
    return str(version)


def _fit(value: dict[str, object], version: str, faults: Faults) -> dict[str, Any]:
    """Keep what the version knows and note the rest; null blocks are as good as left out."""

    def fit(item: object, shape: Shape | None, path: Path) -> object:
        if shape is None:
            return item
        if item is None:
            return {}
        if not isinstance(item, dict):
            faults.add(path, f"must be a mapping, was {shown(item)}", "write its keys below it")
            return {}
        kept = {}
        for key, inner in item.items():
            if key in shape or "*" in shape:
                kept[key] = fit(inner, shape.get(key, shape.get("*")), (*path, key))
            else:
                faults.add((*path, key), *_unknown_key((*path, key), shape, version))
        return kept

    fitted = fit(value, SHAPES[version], ())
    assert isinstance(fitted, dict)
    return fitted


def _unknown_key(path: Path, shape: Shape, version: str) -> tuple[str, str]:
    message = f'is not known in version "{version}"'
    near = _near(str(path[-1]), shape)
    if near is not None:
        return message, f"did you mean {near}?"
    if len(path) == 1 and path[0] in _WRITTEN_BELOW_LIMITS:
        return message, "move it below limits"
    other = next(one for one in SHAPES if one != version)
    if _has(SHAPES[other], path):
        return message, f'remove it, or write version: "{other}", which has it'
    return message, "remove it"


def _near(word: str, known: Mapping[str, object] | frozenset[str]) -> str | None:
    if len(word) > 100:
        return None
    near = get_close_matches(word, sorted(known), n=1, cutoff=0.7)
    return near[0] if near else None


def _has(shape: Shape | None, path: Path) -> bool:
    for step in path:
        if shape is None or not (step in shape or "*" in shape):
            return False
        shape = shape.get(str(step), shape.get("*"))
    return True


def _check_timezone(fitted: dict[str, Any], faults: Faults) -> None:
    timezone = fitted.pop("timezone", "UTC")
    if not isinstance(timezone, str) or timezone.upper() != "UTC":
        faults.add(("timezone",), f"must be UTC, was {shown(timezone)}", "write UTC, or remove it")


def _check_peer_fields(value: Mapping[str, object], fitted: dict[str, Any], faults: Faults) -> None:
    """Note what the peer needs and may not be null, by the paths that the peer names."""
    limits = fitted.get("limits")
    if limits is None:
        _miss(("limits",), faults)
    for block, shape in {**_PEER_LIMITS, "kill_switch": _PEER_KILL_SWITCH}.items():
        if limits is None:
            break
        if block not in limits:
            _miss(("limits", block), faults)
            continue
        for field in shape or ():
            if field not in limits[block] and field not in _PEER_MAY_LACK:
                _miss(("limits", block, field), faults)
    for path in _nulls(value, ()):
        if path[-1] != "max_net_exposure_x" and not _null_block_of_override(path):
            faults.add(path, f'may not be null in version "{PEER_VERSION}"', "write a value")


def _null_block_of_override(path: Path) -> bool:
    """A block of an override that is null is as good as left out, in the peer's files too."""
    return path[0] == "overrides" and len(path) == len(("overrides", "symbols", "AAA", "loss"))


def _miss(path: Path, faults: Faults) -> None:
    faults.add(
        path,
        f'is missing, version "{PEER_VERSION}" needs it',
        f'add it, or write version: "{VERSION}", which has defaults',
    )


def _nulls(value: object, path: Path) -> Iterator[Path]:
    if value is None and path:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _nulls(item, (*path, key))


def _validated(fitted: dict[str, Any], faults: Faults) -> _Document:
    try:
        return _Document.model_validate(fitted, context=WRITTEN)
    except ValidationError as fault:
        for error in fault.errors():
            path = tuple(step for step in error["loc"] if step != "[key]")
            faults.add(path, *explain(error))
        faults.raise_any()
        raise


def _check_trip_rules(fitted: dict[str, Any], faults: Faults) -> None:
    path = ("limits", "kill_switch", "trip_on_rules")
    rules = fitted.get("limits", {}).get("kill_switch", {}).get("trip_on_rules")
    for place, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, str) and rule not in KNOWN_RULES:
            near = _near(rule.upper(), KNOWN_RULES)
            remedy = f"did you mean {near}?" if near else "remove it"
            faults.add((*path, place), f"is no rule, was {shown(rule)}", remedy)


def _parts(document: _Document) -> dict[str, Any]:
    default = Policy() if document.version == PEER_VERSION else DEFAULT_POLICY
    limits, written = default.limits, document.limits
    return {
        "version": document.version,
        "mode": document.defaults.mode,
        "limits": limits.model_copy(
            update={
                block: _over(getattr(limits, block), getattr(written, block))
                for block in Limits.model_fields
            }
        ),
        **{
            block: _over(getattr(default, block), getattr(written, block))
            for block in _ACCOUNT_BLOCKS
        },
        "symbols": _overrides(document.overrides.symbols),
        "strategies": _overrides(document.overrides.strategies),
    }


def _over(default: Block, written: Block) -> Block:
    given_fields = {name: getattr(written, name) for name in written.model_fields_set}
    return default.model_copy(update=given_fields)


def _overrides(written: Mapping[str, _WrittenOverride]) -> dict[str, Override]:
    return {
        name: Override(
            limits=Limits.model_construct(
                **{
                    block: getattr(one, block)
                    for block in one.model_fields_set & Limits.model_fields.keys()
                }
            ),
            may_loosen=one.may_loosen,
        )
        for name, one in written.items()
    }


def _check_loosenings(policy: Policy, faults: Faults) -> None:
    if policy.version == PEER_VERSION:
        return
    for one in loosenings(policy):
        kind, name = one.scope.split(" ", 1)
        override = (policy.symbols if kind == "symbol" else policy.strategies)[name]
        if not override.may_loosen:
            kinds = "symbols" if kind == "symbol" else "strategies"
            faults.add(
                ("overrides", kinds, name, *one.path.split(".")),
                f"is looser ({written_limit(one.value)}) than the policy's own "
                f"({written_limit(one.instead_of)})",
                "tighten it, or give the override may_loosen: true",
            )


def _written(policy: Policy) -> dict[str, Any]:
    shape = SHAPES.get(policy.version, SHAPES[VERSION])["limits"]
    blocks = {name: getattr(policy.limits, name) for name in Limits.model_fields}
    blocks |= {name: getattr(policy, name) for name in _ACCOUNT_BLOCKS}
    limits = {
        name: {
            field: value
            for field, value in block
            if field in ((shape or {}).get(name) or ()) or value != _off(block, field)
        }
        for name, block in blocks.items()
    }
    overrides = {"symbols": policy.symbols, "strategies": policy.strategies}
    document: dict[str, Any] = {
        "version": policy.version,
        "timezone": "UTC",
        "defaults": {"mode": policy.mode},
        "limits": {name: fields for name, fields in limits.items() if fields},
        "overrides": {
            kind: {name: _written_override(one) for name, one in sorted(named.items())}
            for kind, named in overrides.items()
        },
    }
    return document


def _off(block: Contract, field: str) -> object:
    return type(block).model_fields[field].get_default()


def _written_override(override: Override) -> dict[str, Any]:
    written: dict[str, Any] = {"may_loosen": True} if override.may_loosen else {}
    for block, field, value in given(override.limits):
        written.setdefault(block, {})[field] = value
    return written


class _Writer(yaml.SafeDumper):
    """Numbers without quotes, names in quotes where they could be read as anything else."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _write_number(writer: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    whole = value == value.to_integral_value()
    tag = "tag:yaml.org,2002:int" if whole else "tag:yaml.org,2002:float"
    return writer.represent_scalar(tag, decimal_text(value))


def _write_text(writer: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None if read_word(value) == value else '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", str(value), style=style)


def _write_names(writer: yaml.SafeDumper, names: frozenset[str]) -> yaml.SequenceNode:
    return writer.represent_sequence("tag:yaml.org,2002:seq", sorted(names), flow_style=True)


def _write_tuple(writer: yaml.SafeDumper, names: tuple[str, ...]) -> yaml.SequenceNode:
    return writer.represent_sequence("tag:yaml.org,2002:seq", names, flow_style=True)


_Writer.add_representer(Decimal, _write_number)
_Writer.add_representer(str, _write_text)
_Writer.add_multi_representer(StrEnum, _write_text)
_Writer.add_representer(frozenset, _write_names)
_Writer.add_representer(tuple, _write_tuple)
