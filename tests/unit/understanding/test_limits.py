"""What a model may take and see, decided without a clock or a database."""

from decimal import Decimal

import pytest

from app.persistence.models import ModelGrant, ModelUse
from app.understanding.limits import Choice, ModelLimits, ModelPrices, sight, used_up
from app.understanding.rates import RATES, LookRates
from riskgate.contracts.models import PortfolioTier
from tests.unit.intent.talk import NOW

LIMITS = ModelLimits(
    turn_s=15, calls_per_turn=3, calls_per_day=10, tokens_per_day=1_000, cost_per_day=Decimal(1)
)
PERSON = ("main", "usr-1")


def a_use(calls: int = 0, tokens: int = 0, cost: str = "0") -> ModelUse:
    return ModelUse(calls=calls, tokens=tokens, cost=Decimal(cost))


def a_grant(choice: Choice, run_id: str = "run-0") -> ModelGrant:
    return ModelGrant(
        card_id=f"crd-{choice}", user_id="usr-1", thread_id="thr-1", choice=choice,
        run_id=run_id, made_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("used", "names"),
    [
        (a_use(9, 999, "0.99"), None),
        (a_use(calls=10), "calls"),
        (a_use(tokens=1_000), "tokens"),
        (a_use(cost="1"), "cost"),
    ],
)
def test_a_day_ends_where_any_limit_is_reached(used: ModelUse, names: str | None) -> None:
    reached = used_up(used, LIMITS)
    assert reached is None if names is None else reached is not None and names in reached


def test_a_cost_is_exact_and_none_without_prices_or_counts() -> None:
    prices = ModelPrices(tokens_in=Decimal("2.5"), tokens_out=Decimal(10))
    assert prices.cost(600, 40) == Decimal("0.0019")
    assert prices.cost(None, 40) is None
    assert ModelPrices().cost(600, 40) is None


def test_a_word_of_a_person_raises_the_sight_and_a_no_lowers_it_again() -> None:
    digest = PortfolioTier.DIGEST_ONLY
    assert sight(digest, [], "run-1").portfolio is digest
    assert sight(digest, [], "run-1").may_ask_for_more
    once = a_grant(Choice.ONCE, "run-1")
    assert sight(digest, [once], "run-1").portfolio is PortfolioTier.FULL_SANITIZED
    assert sight(digest, [once], "run-2").portfolio is digest
    session = a_grant(Choice.SESSION)
    assert sight(digest, [session], "run-2").portfolio is PortfolioTier.FULL_SANITIZED
    denied = sight(digest, [a_grant(Choice.DENY), session], "run-2")
    assert (denied.portfolio, denied.may_ask_for_more) == (digest, False)


@pytest.mark.parametrize("tier", [PortfolioTier.OFF, PortfolioTier.FULL_SANITIZED])
def test_nobody_is_asked_where_the_tier_is_fixed(tier: PortfolioTier) -> None:
    seen = sight(tier, [a_grant(Choice.SESSION)], "run-1")
    assert (seen.portfolio, seen.may_ask_for_more) == (tier, False)


def test_looks_are_counted_by_tool_and_symbol_over_a_sliding_minute() -> None:
    now = [0.0]
    rates = LookRates(lambda: now[0])
    per_symbol = RATES["get_quotes"].per_symbol
    assert all(rates.allows(PERSON, "get_quotes", ["INFY"]) for _ in range(per_symbol))
    assert not rates.allows(PERSON, "get_quotes", ["infy"])
    assert rates.allows(PERSON, "get_quotes", ["TCS"])
    assert rates.allows(("main", "usr-2"), "get_quotes", ["INFY"])
    now[0] = 59.9
    assert not rates.allows(PERSON, "get_quotes", ["INFY"])
    now[0] = 60.0
    assert rates.allows(PERSON, "get_quotes", ["INFY"])


def test_a_tool_has_a_limit_of_its_own_and_an_unknown_one_none_at_all() -> None:
    rates = LookRates(lambda: 0.0)
    whole = RATES["find_instruments"].whole
    assert all(rates.allows(PERSON, "find_instruments", [f"S{n}"]) for n in range(whole))
    assert not rates.allows(PERSON, "find_instruments", ["ONE MORE"])
    assert not rates.allows(PERSON, "place_order", [])
