"""What is allowed in a policy and probably not meant."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter, ValidationError

from riskgate.policy.document import (
    PEER_VERSION,
    Mode,
    Override,
    Policy,
    given,
    is_looser,
    loosenings,
)
from riskgate.policy.explain import written_limit
from riskgate.policy.limits import InstrumentName, Limits
from riskgate.policy.plain import Faults, load_plain, override_path
from riskgate.policy.rule_ids import KNOWN_RULES
from riskgate.policy.scopes import scope_of
from riskgate.policy.text import read_policy

TINY_SHARE: Final = Decimal("0.001")
FEW_VIOLATIONS: Final = 2
LONG_QUOTE_AGE_S: Final = 300
LONG_DUPLICATE_WINDOW_S: Final = 600

_NAME: Final[TypeAdapter[str]] = TypeAdapter(InstrumentName)
_WANTED: Final = (
    "exposure.max_position_pct",
    "exposure.max_gross_exposure_x",
    "loss.daily_loss_limit_pct",
    "loss.max_drawdown_pct",
    "execution.max_orders_per_minute_global",
    "execution.max_messages_per_second",
    "order.max_order_value",
    "order.price_collar_pct",
    "data.quote_age_max_s",
    "data.snapshot_age_max_s",
    "market.check_hours",
    "market.check_circuit_band",
    "margin.margin_fraction",
)
# What breaks first, before what breaks later: a smaller later one makes the earlier idle.
_LOSSES: Final = (
    "loss.max_risk_per_trade_pct",
    "loss.daily_loss_limit_pct",
    "loss.weekly_loss_limit_pct",
    "loss.monthly_loss_budget_pct",
    "loss.max_drawdown_pct",
)
# A cap, and the wider one that always bites before it when it is the smaller.
_CAPS: Final = (
    ("exposure.max_position_pct", "exposure.max_gross_exposure_x"),
    ("exposure.max_position_pct", "exposure.max_symbol_pct"),
    ("exposure.max_symbol_pct", "exposure.max_gross_exposure_x"),
    ("exposure.max_sector_pct", "exposure.max_gross_exposure_x"),
    ("exposure.max_net_exposure_x", "exposure.max_gross_exposure_x"),
)
_RATES: Final = (
    "execution.max_orders_per_minute_by_strategy",
    "execution.max_orders_per_minute_by_symbol",
)
_PERMISSIONS: Final = (
    "order.allow_list",
    "order.allowed_products",
    "order.allowed_order_types",
    "order.allowed_exchanges",
)


# What overrides say of a field, by block and field, each with its override's name.
Values = dict[tuple[str, str], list[tuple[str, Any]]]


class Finding(NamedTuple):
    """One thing worth a second look; `path` is the place in the document."""

    code: str
    path: str
    message: str
    remedy: str


def lint(policy: Policy) -> tuple[Finding, ...]:
    """Find what is allowed and probably not meant; the same policy gives the same findings."""
    return (
        *_of_mode(policy),
        *_of_limits_off(policy),
        *_of_kill_switch(policy),
        *_of_approvals(policy),
        *_of_limits(policy.limits, "limits."),
        *_of_overrides(policy),
        *_of_peer_differences(policy),
    )


def lint_text(text: str) -> tuple[Finding, ...]:
    """Find what lint does, and what only the text shows. Raises PolicyInvalid as parse_policy."""
    faults = Faults()
    value = load_plain(text, faults)
    policy = read_policy(value, faults)
    return (*_of_document(value), *lint(policy))


def _of_document(value: object) -> Iterator[Finding]:
    assert isinstance(value, dict)
    if "version" not in value:
        yield Finding(
            code="POLICY_VERSION_LEFT_OUT",
            path="version",
            message=f'is left out and read as "{PEER_VERSION}"',
            remedy=f'write version: "{PEER_VERSION}", or "1"',
        )
    defaults = value.get("defaults")
    if isinstance(defaults, dict) and "decision" in defaults:
        yield Finding(
            code="POLICY_DECISION_IGNORED",
            path="defaults.decision",
            message="is read by nothing: whatever breaks no limit is allowed",
            remedy="remove the line",
        )
    overrides = value.get("overrides")
    for kind, named in (overrides if isinstance(overrides, dict) else {}).items():
        for name, override in (named if isinstance(named, dict) else {}).items():
            if not _gives_anything(override):
                yield Finding(
                    code="POLICY_OVERRIDE_EMPTY",
                    path=f"overrides.{kind}.{name}",
                    message="gives no limit",
                    remedy="remove it",
                )


def _gives_anything(override: object) -> bool:
    return isinstance(override, dict) and any(isinstance(b, dict) and b for b in override.values())


def _of_mode(policy: Policy) -> Iterator[Finding]:
    if policy.mode is Mode.MONITOR:
        yield Finding(
            code="POLICY_MONITOR",
            path="defaults.mode",
            message="only reports what breaks a limit, and lets the order pass",
            remedy="write mode: enforce",
        )


def _of_limits_off(policy: Policy) -> Iterator[Finding]:
    if policy.version == PEER_VERSION:
        yield Finding(
            code="POLICY_LIMITS_OF_PEER",
            path="version",
            message="knows no limit on the age of quotes, order values, prices, hours or margin",
            remedy='write version: "1" to have them',
        )
        return
    for path in _WANTED:
        if _at(policy.limits, path) in (None, False):
            yield Finding(
                code="POLICY_LIMIT_OFF",
                path=f"limits.{path}",
                message="is off, so nothing is refused for it",
                remedy="set it, or remove the line to take the default",
            )


def _of_kill_switch(policy: Policy) -> Iterator[Finding]:
    path = "limits.kill_switch.trip_on_rules"
    for rule in policy.kill_switch.trip_on_rules:
        if rule not in KNOWN_RULES:
            yield Finding(
                code="POLICY_UNKNOWN_TRIP_RULE",
                path=path,
                message=f"names {rule}, which is no rule and never trips",
                remedy="correct or remove it",
            )
    count = policy.kill_switch.trip_after_n_violations
    if count is None and not policy.kill_switch.trip_on_rules:
        yield Finding(
            code="POLICY_NEVER_TRIPS",
            path="limits.kill_switch",
            message="names no rule and no count, so only a person trips the kill switch",
            remedy="give trip_on_rules: [LOSS-002], or trip_after_n_violations",
        )
    if count is not None and count <= FEW_VIOLATIONS:
        yield Finding(
            code="POLICY_TRIP_COUNT_LOW",
            path="limits.kill_switch.trip_after_n_violations",
            message=f"is {count}: so few mistakes stop the account",
            remedy="write 5 or more",
        )


def _of_approvals(policy: Policy) -> Iterator[Finding]:
    live = [value is not None for _field, value in policy.live]
    if not any(live):
        return
    if not all(live):
        yield Finding(
            code="POLICY_LIVE_INCOMPLETE",
            path="limits.live",
            message="gives some limits of the day, and live orders need all three",
            remedy="give max_orders_per_day, max_notional_per_day and max_loss_per_day",
        )
    if policy.approval.four_eyes_above_notional is None:
        yield Finding(
            code="POLICY_FOUR_EYES_OFF",
            path="limits.approval.four_eyes_above_notional",
            message="is off while there are limits for live trading: one person approves any size",
            remedy="write the notional above which a second person must agree",
        )


def _of_limits(limits: Limits, where: str) -> Iterator[Finding]:
    yield from _of_shares(limits, where)
    yield from _of_pairs(limits, where)
    yield from _of_lists(limits, where)
    yield from _of_seconds(limits, where)


def _of_shares(limits: Limits, where: str) -> Iterator[Finding]:
    for block, field, value in _values(limits):
        if not field.endswith("_pct") or value is None:
            continue
        if 0 < value < TINY_SHARE:
            yield Finding(
                code="POLICY_SHARE_TINY",
                path=f"{where}{block}.{field}",
                message=f"is {written_limit(value)}, {written_limit(value * 100)} %",
                remedy="shares are fractions: write 5% or 0.05 for five percent",
            )
        if value == 1:
            yield Finding(
                code="POLICY_SHARE_WHOLE",
                path=f"{where}{block}.{field}",
                message="is 1, which is 100 %, not 1 %",
                remedy="write 1% or 0.01 for one percent",
            )


def _of_pairs(limits: Limits, where: str) -> Iterator[Finding]:
    pairs = [("POLICY_CAP_NEVER_BITES", *pair) for pair in _CAPS]
    pairs += [
        ("POLICY_RATE_NEVER_BITES", rate, "execution.max_orders_per_minute_global")
        for rate in _RATES
    ]
    pairs += [
        ("POLICY_LOSS_LIMITS_CROSSED", first, later)
        for place, first in enumerate(_LOSSES)
        for later in _LOSSES[place + 1 :]
    ]
    for code, smaller, larger in pairs:
        one, other = _at(limits, smaller), _at(limits, larger)
        if one is not None and other is not None and one > other:
            yield Finding(
                code=code,
                path=where + smaller,
                message=f"is {written_limit(one)}, above {larger.split('.')[1]} "
                f"({written_limit(other)}), which is reached first",
                remedy="lower it, or raise the other",
            )


def _of_lists(limits: Limits, where: str) -> Iterator[Finding]:
    for path in _PERMISSIONS:
        if _at(limits, path) == frozenset():
            yield Finding(
                code="POLICY_NOTHING_ALLOWED",
                path=where + path,
                message="is empty, so every order is refused",
                remedy="name what is allowed, or write null to allow everything",
            )
    both = limits.order.deny_list & (limits.order.allow_list or frozenset())
    if both:
        yield Finding(
            code="POLICY_LISTS_OVERLAP",
            path=f"{where}order.deny_list",
            message=f"denies what allow_list allows: {', '.join(sorted(both))}",
            remedy="remove them from one list; denied holds",
        )


def _of_seconds(limits: Limits, where: str) -> Iterator[Finding]:
    age = limits.data.quote_age_max_s
    if age is not None and age > LONG_QUOTE_AGE_S:
        yield Finding(
            code="POLICY_QUOTE_AGE_LONG",
            path=f"{where}data.quote_age_max_s",
            message=f"is {written_limit(age)} seconds: orders are sized at prices that old",
            remedy="write 10",
        )
    window = limits.execution.duplicate_window_s
    if window > LONG_DUPLICATE_WINDOW_S:
        yield Finding(
            code="POLICY_DUPLICATE_EXIT",
            path=f"{where}execution.duplicate_window_s",
            message=f"is {written_limit(window)} seconds: the same exit is refused for as long",
            remedy="write 30",
        )


def _of_overrides(policy: Policy) -> Iterator[Finding]:
    for one in loosenings(policy):
        yield Finding(
            code="POLICY_LOOSER_OVERRIDE",
            path=override_path(one.scope, one.path),
            message=f"is {written_limit(one.value)}, looser than the policy's own "
            f"{written_limit(one.instead_of)}",
            remedy="tighten it, unless this is meant",
        )
    strategies = _tightest_of_strategies(policy)
    for scope, override in _named(policy):
        yield from _of_one_override(policy, scope, override, strategies)
    for name in sorted(policy.symbols):
        if not _may_be_an_instrument(name):
            yield Finding(
                code="POLICY_SYMBOL_UNUSUAL",
                path=f"overrides.symbols.{name}",
                message="is no instrument's name, so it may never hold",
                remedy="write INFY, or NSE:INFY for one exchange",
            )


def _which_holds(policy: Policy, override: Override) -> str:
    may_loosen = override.may_loosen or policy.version == PEER_VERSION
    return "holds" if may_loosen else "gives way to it"


def _of_one_override(
    policy: Policy, scope: str, override: Override, strategies: Values
) -> Iterator[Finding]:
    loosens = False
    beaten = _beaten(policy, scope, strategies)
    for block, field, value in given(override.limits):
        base = getattr(getattr(policy.limits, block), field)
        loosens |= is_looser(block, field, value, base)
        others = beaten.get((block, field), [])
        if value == base and not others:
            yield Finding(
                code="POLICY_OVERRIDE_NO_EFFECT",
                path=override_path(scope, f"{block}.{field}"),
                message="is what the policy says without it",
                remedy="remove it",
            )
        for other, theirs in others:
            if is_looser(block, field, value, theirs):
                yield Finding(
                    code="POLICY_SYMBOL_BEATS_TIGHTER",
                    path=override_path(scope, f"{block}.{field}"),
                    message=f"is {written_limit(value)}, looser than {written_limit(theirs)} of "
                    f"{other}, and {_which_holds(policy, override)} where both are asked",
                    remedy="tighten it, unless this is meant",
                )
                break
    if override.may_loosen and not loosens:
        yield Finding(
            code="POLICY_MAY_LOOSEN_UNUSED",
            path=override_path(scope, "may_loosen"),
            message="is true, and nothing in the override is looser",
            remedy="remove it, so that a later slip is refused",
        )
    yield from _of_limits_in_force(policy, scope, override)


def _of_limits_in_force(policy: Policy, scope: str, override: Override) -> Iterator[Finding]:
    kind, name = scope.split(" ", 1)
    symbol, strategy = ((name,), "") if kind == "symbol" else ((), name)
    where = override_path(scope, "")
    changed = {f"{where}{block}.{field}" for block, field, _value in given(override.limits)}
    for finding in _of_limits(scope_of(policy, symbol, strategy).limits, where):
        if finding.path in changed:
            yield finding


def _tightest_of_strategies(policy: Policy) -> Values:
    """Keep, of what all strategies say of a field, only values than which none is tighter."""
    tightest: Values = {}
    for name, override in sorted(policy.strategies.items()):
        for block, field, value in given(override.limits):
            kept = tightest.setdefault((block, field), [])
            if all(is_looser(block, field, theirs, value) for _other, theirs in kept):
                kept[:] = [one for one in kept if is_looser(block, field, value, one[1])]
                kept.append((f"strategy {name}", value))
    return tightest


def _beaten(policy: Policy, scope: str, strategies: Values) -> Values:
    """Return the values that an override of a symbol holds before, by field."""
    kind, name = scope.split(" ", 1)
    if kind == "strategy":
        return {}
    plain = name.rpartition(":")[2]
    if plain == name or plain not in policy.symbols:
        return strategies
    beaten = dict(strategies)
    for block, field, value in given(policy.symbols[plain].limits):
        beaten[block, field] = [*beaten.get((block, field), ()), (f"symbol {plain}", value)]
    return beaten


def _of_peer_differences(policy: Policy) -> Iterator[Finding]:
    if policy.version != PEER_VERSION:
        return
    for rule in sorted(KNOWN_RULES.intersection(policy.kill_switch.trip_on_rules) - {"LOSS-002"}):
        yield _differs("limits.kill_switch.trip_on_rules", f"{rule} trips nothing there")
    for scope, override in _named(policy):
        fields = {(block, field) for block, field, _value in given(override.limits)}
        blocks = {block for block, _field in fields}
        unread = {"loss"} | ({"execution"} if scope.startswith("symbol ") else set())
        for block in sorted(blocks & unread):
            yield _differs(override_path(scope, block), "is read and ignored there")
        net = policy.limits.exposure.max_net_exposure_x
        lacks_net = ("exposure", "max_net_exposure_x") not in fields
        if "exposure" in blocks and lacks_net and net is not None:
            path = override_path(scope, "exposure.max_net_exposure_x")
            yield _differs(path, "is left out, which turns it off there; here the policy's holds")


def _differs(path: str, message: str) -> Finding:
    return Finding(
        code="POLICY_DIFFERS_FROM_PEER",
        path=path,
        message=f"policygate-capital: {message}",
        remedy="nothing, if what it says is meant",
    )


def _named(policy: Policy) -> Iterator[tuple[str, Override]]:
    for name, override in sorted(policy.symbols.items()):
        yield f"symbol {name}", override
    for name, override in sorted(policy.strategies.items()):
        yield f"strategy {name}", override


def _values(limits: Limits) -> Iterator[tuple[str, str, Any]]:
    for block, values in limits:
        for field, value in values:
            yield block, field, value


def _at(limits: Limits, path: str) -> Any:
    block, field = path.split(".")
    return getattr(getattr(limits, block), field)


def _may_be_an_instrument(name: str) -> bool:
    try:
        _NAME.validate_python(name)
    except ValidationError:
        return False
    return True
