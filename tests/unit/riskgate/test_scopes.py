"""Which limit holds: the symbol's before the strategy's before the policy's own, field by field."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import pytest

from riskgate.contracts.decisions import Verdict
from riskgate.contracts.orders import OrderType, Product, Side
from riskgate.facts import Candidate, Market, Rates
from riskgate.judge import Figure, Judge, Judgement
from riskgate.policy import Limits, Override, Policy, scope_of
from tests.unit.riskgate.builders import (
    NOW,
    WIDE_POLICY,
    a_book,
    a_candidate,
    a_listing,
    a_policy,
    a_price,
    a_situation,
    an_account,
    changed,
    seconds,
)

Block = Mapping[str, object]


def overriding(
    *,
    base: Policy = WIDE_POLICY,
    symbols: Mapping[str, Mapping[str, Block]] | None = None,
    strategies: Mapping[str, Mapping[str, Block]] | None = None,
    loosen: bool = False,
) -> Policy:
    def overrides(of: Mapping[str, Mapping[str, Block]] | None) -> dict[str, Override]:
        return {
            name: Override(limits=Limits.model_validate(limits), may_loosen=loosen)
            for name, limits in (of or {}).items()
        }

    return changed(base, symbols=overrides(symbols), strategies=overrides(strategies))


def judged(candidate: Candidate, policy: Policy, **changes: Any) -> Judgement:
    book = a_book(candidate.listing, price=changes.pop("price", None))
    return Judge(policy).judge(candidate, book, a_situation(**changes))


def position(share: str) -> dict[str, Block]:
    return {"exposure": {"max_position_pct": share}}


THREE: Final = overriding(
    base=a_policy(WIDE_POLICY, **position("0.1")),
    symbols={"INFY": position("0.03"), "NSE:TCS": position("0.01"), "TCS": position("0.02")},
    strategies={"alpha": position("0.05")},
    loosen=True,
)


@pytest.mark.parametrize(
    ("symbol", "strategy_id", "allowed", "source"),
    [
        ("SBIN", "beta", 100, None),
        ("SBIN", "alpha", 50, "strategy alpha"),
        ("INFY", "beta", 30, "symbol INFY"),
        ("INFY", "alpha", 30, "symbol INFY"),
        ("TCS", "alpha", 10, "symbol NSE:TCS"),
    ],
)
def test_the_exact_symbol_comes_before_the_symbol_the_strategy_and_the_policy(
    symbol: str, strategy_id: str, allowed: int, source: str | None
) -> None:
    judgement = judged(a_candidate(500, symbol=symbol, strategy_id=strategy_id), THREE)
    assert judgement.allowed == allowed
    (shown,) = [f for f in judgement.evidence if f.metric == "new_position_pct"]
    assert shown == Figure("new_position_pct", Decimal("0.5"), Decimal(allowed) / 1000, source)


def test_fields_that_an_override_does_not_give_are_inherited() -> None:
    policy = overriding(
        base=a_policy(WIDE_POLICY, exposure={"max_net_exposure_x": "0.2"}),
        symbols={"INFY": position("0.1")},
        strategies={"alpha": {"exposure": {"max_gross_exposure_x": "0.15"}}},
    )
    limits = scope_of(policy, ("NSE:INFY", "INFY"), "alpha").limits
    assert limits.exposure.max_position_pct == Decimal("0.1")
    assert limits.exposure.max_gross_exposure_x == Decimal("0.15")
    assert limits.exposure.max_net_exposure_x == Decimal("0.2")
    assert limits.loss == policy.limits.loss


def test_a_symbol_may_be_looser_than_a_strategy_only_where_it_says_so() -> None:
    loose = overriding(
        base=a_policy(WIDE_POLICY, **position("0.1")),
        symbols={"INFY": position("0.2")},
        loosen=True,
    )
    shown = {f.metric: f for f in judged(a_candidate(), loose).evidence}["new_position_pct"]
    assert (shown.limit, shown.source, shown.loosened) == (Decimal("0.2"), "symbol INFY", True)
    with pytest.raises(ValueError, match="is looser"):
        overriding(base=a_policy(WIDE_POLICY, **position("0.1")), symbols={"INFY": position("0.2")})


def test_an_override_may_take_a_limit_away_where_it_may_loosen() -> None:
    off = overriding(
        base=a_policy(WIDE_POLICY, **position("0.1")),
        symbols={"INFY": {"exposure": {"max_position_pct": None}}},
        loosen=True,
    )
    assert judged(a_candidate(500), off).verdict is Verdict.ALLOW
    assert judged(a_candidate(500, symbol="TCS"), off).allowed == 100


BLOCKS: Final[list[tuple[str, Block, Candidate, dict[str, Any], str]]] = [
    ("exposure", {"max_position_pct": "0.005"}, a_candidate(), {}, "EXP-001"),
    (
        "loss",
        {"daily_loss_limit_pct": "0.001"},
        a_candidate(),
        {"account": an_account(999_000)},
        "LOSS-001",
    ),
    (
        "execution",
        {"max_orders_per_minute_global": 1},
        a_candidate(),
        {"rates": Rates(orders_global=1)},
        "EXEC-001",
    ),
    (
        "execution",
        {"duplicate_window_s": 60},
        a_candidate(),
        {"rates": Rates(same_order_age_s=Decimal(45))},
        "EXEC-006",
    ),
    ("order", {"max_order_quantity": 9}, a_candidate(), {}, "ORD-004"),
    ("order", {"allowed_order_types": {OrderType.LIMIT}}, a_candidate(), {}, "ORD-002"),
    (
        "data",
        {"quote_age_max_s": 1},
        a_candidate(),
        {"price": a_price(as_of=NOW - seconds(2))},
        "SYS-001",
    ),
    (
        "market",
        {"mis_cutoff_minutes": 30},
        a_candidate(),
        {"market": Market(is_open=True, closes_at=NOW + seconds(1200))},
        "MKT-003",
    ),
    (
        "short",
        {"allow_short_products": {Product.NRML}},
        a_candidate(10, Side.SELL),
        {},
        "ORD-010",
    ),
    (
        "margin",
        {"margin_fraction": 1},
        a_candidate(),
        {"account": an_account(available=Decimal(9_000))},
        "MARGIN-001",
    ),
]


@pytest.mark.parametrize("scope", ["symbols", "strategies"])
@pytest.mark.parametrize(("block", "limits", "order", "changes", "rule_id"), BLOCKS)
def test_every_block_can_be_tightened_for_a_symbol_or_a_strategy(
    scope: str,
    block: str,
    limits: Block,
    order: Candidate,
    changes: dict[str, Any],
    rule_id: str,
) -> None:
    name = {"symbols": "INFY", "strategies": "alpha"}[scope]
    of_another = {"symbols": "TCS", "strategies": "beta"}[scope]
    tight: Any = {scope: {name: {block: limits}}}
    loose: Any = {scope: {of_another: {block: limits}}}
    assert judged(order, overriding(**tight), **changes).rule_ids == (rule_id,)
    assert judged(order, overriding(**loose), **changes).verdict is Verdict.ALLOW


def test_every_block_of_limits_is_among_those_tried() -> None:
    assert {block for block, *_rest in BLOCKS} == set(Limits.model_fields)


def test_more_symbols_than_are_kept_are_still_judged_each_by_its_own() -> None:
    policy = overriding(symbols={"INFY": position("0.1")})
    judge, book = Judge(policy), a_book(a_listing("INFY"))
    for number in range(10_001):
        judge.ruling(a_listing(f"S{number}"), "alpha")
    assert judge.judge(a_candidate(101), book, a_situation()).allowed == 100
