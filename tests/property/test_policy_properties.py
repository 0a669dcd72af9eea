"""What holds for every policy: its text, its hash, and what counts as looser."""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from riskgate.contracts.orders import OrderType, Product
from riskgate.errors import PolicyFault, PolicyInvalid
from riskgate.policy import (
    DEFAULT_POLICY,
    KNOWN_RULES,
    PEER_VERSION,
    Policy,
    lint,
    lint_text,
    parse_policy,
    parse_policy_value,
    policy_text,
    scope_of,
)
from riskgate.policy.document import is_looser, loosenings

shares = st.decimals("0.000001", 1, places=6)
multiples = st.decimals("0.0001", 1000, places=4)
counts = st.integers(1, 10_000)
seconds = st.decimals(0, 86_400, places=3)
amounts = st.decimals("0.01", 10**15, places=2)
names = st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable())
odd_names = st.sampled_from(
    ["NO", "true", "~", "<<", "1e5", "08", "0x1", "2024-01-01", ".inf", "a: b", "#", "é", "*x", "-"]
)
instruments = st.frozensets(
    st.sampled_from(["INFY", "NSE:INFY", "NO", "TRUE", "500", "M&M", "NAN"]), max_size=4
)


def fields(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=known)


blocks = {
    "exposure": fields(
        max_position_pct=st.none() | shares,
        max_gross_exposure_x=st.none() | multiples,
        max_net_exposure_x=st.none() | multiples,
        max_open_orders=st.none() | counts,
    ),
    "loss": fields(daily_loss_limit_pct=st.none() | shares, max_drawdown_pct=st.none() | shares),
    "execution": fields(
        max_orders_per_minute_global=st.none() | counts,
        exit_reserve_pct=st.decimals(0, "0.99", places=2),
        duplicate_window_s=seconds,
    ),
    "order": fields(
        max_order_value=st.none() | amounts,
        allowed_products=st.none() | st.frozensets(st.sampled_from(Product)),
        allowed_order_types=st.none() | st.frozensets(st.sampled_from(OrderType)),
        deny_list=instruments,
        allow_list=st.none() | instruments,
    ),
    "data": fields(quote_age_max_s=st.none() | seconds, exits_need_every_price=st.booleans()),
    "market": fields(check_hours=st.booleans(), mis_cutoff_minutes=st.none() | st.integers(0, 375)),
    "margin": fields(margin_fraction=st.none() | shares),
}
limits = fields(**blocks)
overrides = st.dictionaries(
    names | odd_names,
    st.builds(lambda given_limits: {"limits": given_limits, "may_loosen": True}, limits),
    max_size=3,
)
policies = st.builds(
    Policy.model_validate,
    st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["enforce", "monitor"]),
            "limits": limits,
            "kill_switch": fields(
                trip_on_rules=st.lists(st.sampled_from(sorted(KNOWN_RULES)), max_size=3),
                trip_after_n_violations=st.none() | counts,
            ),
            "approval": fields(four_eyes_above_notional=st.none() | amounts),
            "live": fields(max_loss_per_day=st.none() | amounts),
            "symbols": overrides,
            "strategies": overrides,
        }
    ),
)
peer_blocks = {
    "exposure": st.fixed_dictionaries(
        {"max_position_pct": shares, "max_gross_exposure_x": multiples},
        optional={"max_net_exposure_x": st.none() | multiples},
    ),
    "loss": st.fixed_dictionaries({"daily_loss_limit_pct": shares, "max_drawdown_pct": shares}),
    "execution": st.fixed_dictionaries(
        {"max_orders_per_minute_global": counts, "max_orders_per_minute_by_strategy": counts}
    ),
}
peer_overrides = st.dictionaries(
    names | odd_names,
    st.fixed_dictionaries({}, optional={k: st.none() | v for k, v in peer_blocks.items()}),
    max_size=3,
)
peer_documents = st.fixed_dictionaries(
    {
        "version": st.just("0.1"),
        "limits": st.fixed_dictionaries(
            {
                **peer_blocks,
                "kill_switch": st.fixed_dictionaries(
                    {
                        "trip_after_n_violations": counts,
                        "violation_window_seconds": st.integers(1, 31_536_000),
                    },
                    optional={"trip_on_rules": st.lists(names, max_size=3)},
                ),
            }
        ),
    },
    optional={
        "timezone": st.sampled_from(["UTC", "utc", "Utc"]),
        "defaults": fields(
            mode=st.sampled_from(["enforce", "monitor"]),
            decision=st.sampled_from(["deny", "allow"]),
        ),
        "overrides": fields(symbols=peer_overrides, strategies=peer_overrides),
    },
)


def as_json(document: object, **how: Any) -> str:
    """Write a document as JSON with its decimals as plain numbers."""
    marked = json.dumps(document, default=lambda number: f"@{number}@", **how)
    return marked.replace('"@', "").replace('@"', "")


def shuffled(value: Any, draw: Any) -> Any:
    if isinstance(value, dict):
        keys = draw(st.permutations(sorted(value)))
        return {key: shuffled(value[key], draw) for key in keys}
    return value


def faults_of(read: Callable[[], Policy]) -> tuple[PolicyFault, ...] | None:
    try:
        read()
    except PolicyInvalid as refused:
        return refused.faults
    return None


@given(policies)
def test_every_policy_is_read_back_from_its_text_with_its_hash(policy: Policy) -> None:
    again = parse_policy(policy_text(policy))
    assert (again, again.policy_hash) == (policy, policy.policy_hash)


@given(policies)
def test_every_policy_is_read_back_from_its_json_with_its_hash(policy: Policy) -> None:
    again = Policy.model_validate_json(policy.model_dump_json())
    assert (again, again.policy_hash) == (policy, policy.policy_hash)


@given(peer_documents)
def test_every_policy_of_the_peer_is_read_and_read_back_from_its_text(document: Any) -> None:
    policy = parse_policy_value(document)
    assert policy.version == PEER_VERSION
    again = parse_policy(policy_text(policy))
    assert (again, again.policy_hash) == (policy, policy.policy_hash)
    lint(policy)


@given(peer_documents, st.data(), st.sampled_from([None, 2, "\t"]))
def test_the_order_of_keys_and_the_indent_do_not_change_the_hash(
    document: Any, data: st.DataObject, indent: int | str | None
) -> None:
    assume("@" not in str(document))
    other = as_json(shuffled(document, data.draw), indent=indent, ensure_ascii=False)
    assert parse_policy(other).policy_hash == parse_policy_value(document).policy_hash


@given(shares, st.integers(0, 5), st.sampled_from(["", " # a tenth", "\n\n# more"]))
def test_the_spelling_of_a_share_does_not_change_the_hash(
    share: Decimal, zeros: int, comment: str
) -> None:
    plain = format(share, "f") + "0" * zeros
    percent = format(share * 100, "f")
    spellings = [plain, f"{share:e}", f"{percent}%", f'"{percent} %"', f"'{percent}%'"]
    hashes = {
        parse_policy(
            f'version: "1"\nlimits:\n  exposure:\n    max_position_pct: {spelling}{comment}'
        ).policy_hash
        for spelling in spellings
    }
    assert len(hashes) == 1


@given(shares, shares)
def test_a_hash_changes_exactly_when_a_limit_does(one: Decimal, other: Decimal) -> None:
    hashes = {
        parse_policy(f'version: "1"\nlimits: {{loss: {{max_drawdown_pct: {share:f}}}}}').policy_hash
        for share in (one, other)
    }
    assert (len(hashes) == 1) == (one == other)


numeric = st.sampled_from(
    ["exposure.max_position_pct", "loss.max_drawdown_pct", "order.max_order_value"]
)


@given(numeric, shares, shares)
def test_a_tighter_value_is_never_looser_and_the_other_way_always(
    path: str, one: Decimal, other: Decimal
) -> None:
    block, field = path.split(".")
    tighter, looser = sorted((one, other))
    assert not is_looser(block, field, tighter, looser)
    assert is_looser(block, field, looser, tighter) == (tighter != looser)
    assert not is_looser(block, field, tighter, None)
    assert is_looser(block, field, None, tighter)


@given(instruments, instruments)
def test_a_longer_deny_list_and_a_shorter_allow_list_are_never_looser(
    one: frozenset[str], more: frozenset[str]
) -> None:
    assert not is_looser("order", "deny_list", one | more, one)
    assert not is_looser("order", "allow_list", one, one | more)
    assert is_looser("order", "deny_list", one, one | more) == (not more <= one)
    assert is_looser("order", "allow_list", one | more, one) == (not more <= one)


@given(policies)
def test_what_holds_for_a_symbol_is_looser_exactly_where_it_is_said(policy: Policy) -> None:
    said = {(one.scope, one.path) for one in loosenings(policy)}
    for name, override in policy.symbols.items():
        scope = scope_of(policy, (name,), "")
        assert {path for where, path in said if where == f"symbol {name}"} == scope.loosened
        assert override.may_loosen


@given(policies)
def test_findings_of_a_policy_are_those_of_its_text(policy: Policy) -> None:
    assert lint_text(policy_text(policy)) == lint(parse_policy(policy_text(policy)))


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_is_refused_with_its_faults(text: str) -> None:
    faults = faults_of(lambda: parse_policy(text))
    assert faults is None or all(fault.message and fault.remedy for fault in faults)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
        max_leaves=15,
    )
)
def test_any_decoded_value_is_refused_with_its_faults(value: object) -> None:
    for document in (value, {"version": "1", "limits": {"exposure": value, "zzz": value}}):
        assert faults_of(partial(parse_policy_value, document))


def test_the_default_policy_is_among_those_that_are_read_back() -> None:
    assert parse_policy(policy_text(DEFAULT_POLICY)).policy_hash == DEFAULT_POLICY.policy_hash
