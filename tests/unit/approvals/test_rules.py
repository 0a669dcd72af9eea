"""Who may approve what, and when it no longer counts."""

from decimal import Decimal
from typing import Any

import pytest

from app.approvals.rules import (
    Approver,
    Refusal,
    card_is_open,
    four_eyes,
    may_decide,
    plan_is_the_sealed_one,
    price_moved,
    word_authorises,
)
from app.approvals.seal import SealedTerms
from app.identity.principal import Role
from riskgate.contracts.cards import CardKind, CardStatus
from riskgate.contracts.intents import Provenance, ProvenanceSource
from riskgate.contracts.orders import Side
from riskgate.contracts.plans import TradePlan
from tests.builders import HASH, a_trade_intent
from tests.unit.riskgate.builders import (
    ACCOUNT,
    NOW,
    Amount,
    a_leg,
    a_market_leg,
    a_plan,
    a_quote,
)


def approver(*roles: str, user_id: str = "usr-1") -> Approver:
    return Approver(user_id=user_id, roles=frozenset(roles))


def code(refusal: Refusal | None) -> str | None:
    return None if refusal is None else refusal.code


# Who


@pytest.mark.parametrize(
    ("roles", "own", "others"),
    [
        (["trader"], None, "FORBIDDEN"),
        (["approver"], None, None),
        (["trader", "approver"], None, None),
        (["viewer"], "FORBIDDEN", "FORBIDDEN"),
        (["risk_admin"], "FORBIDDEN", "FORBIDDEN"),
        (["admin"], "FORBIDDEN", "FORBIDDEN"),
        (["viewer", "risk_admin", "admin"], "FORBIDDEN", "FORBIDDEN"),
        ([], "FORBIDDEN", "FORBIDDEN"),
        (["unheard-of"], "FORBIDDEN", "FORBIDDEN"),
        (["service"], "APPROVER_NOT_A_PERSON", "APPROVER_NOT_A_PERSON"),
        (["service", "trader", "approver"], "APPROVER_NOT_A_PERSON", "APPROVER_NOT_A_PERSON"),
        ([*Role], "APPROVER_NOT_A_PERSON", "APPROVER_NOT_A_PERSON"),
    ],
)
def test_traders_decide_on_their_own_plans_approvers_on_all_and_machines_on_none(
    roles: list[str], own: str | None, others: str | None
) -> None:
    me = approver(*roles)
    assert code(may_decide(me, initiator="usr-1")) == own
    assert code(may_decide(me, initiator="usr-2")) == others


def test_a_refusal_says_what_was_wrong_and_what_to_do() -> None:
    assert may_decide(approver("trader"), initiator="usr-2") == Refusal(
        code="FORBIDDEN",
        message="deciding on another person's plan needs the role approver",
        remedy="Ask an approver to decide.",
    )


@pytest.mark.parametrize(
    ("roles", "user_id", "above", "refused"),
    [
        (["trader"], "usr-1", None, False),
        (["trader"], "usr-1", "10000.01", False),
        (["trader"], "usr-1", "10000", False),
        (["trader"], "usr-1", "9999.99", True),
        (["trader", "approver"], "usr-1", "9999.99", True),
        (["approver"], "usr-2", "9999.99", False),
        (["trader"], "usr-2", "9999.99", True),
        (["approver"], "usr-2", "0", False),
    ],
)
def test_above_the_second_threshold_another_person_with_the_role_must_approve(
    roles: list[str], user_id: str, above: str | None, refused: bool
) -> None:
    refusal = four_eyes(
        approver(*roles, user_id=user_id),
        initiator="usr-1",
        plan=a_plan(),
        above=None if above is None else Decimal(above),
    )
    assert code(refusal) == ("FOUR_EYES_REQUIRED" if refused else None)


# What


@pytest.mark.parametrize("status", CardStatus)
def test_only_a_pending_plan_card_can_be_decided(status: CardStatus) -> None:
    expected = None if status is CardStatus.PENDING else "CARD_ALREADY_DECIDED"
    assert code(card_is_open(CardKind.TRADE_PLAN, status)) == expected


@pytest.mark.parametrize("kind", [kind for kind in CardKind if kind is not CardKind.TRADE_PLAN])
def test_a_card_of_another_kind_is_not_for_approving(kind: CardKind) -> None:
    assert code(card_is_open(kind, CardStatus.PENDING)) == "CARD_NOT_APPROVABLE"


def test_a_plan_that_is_not_the_sealed_one_voids_the_card() -> None:
    plan = a_plan()
    terms = SealedTerms(
        tenant_id="tenant-1",
        account_id=ACCOUNT,
        card_id="card-1",
        plan_hash=plan.plan_hash,
        policy_hash=HASH,
        expires_at=NOW,
    )
    assert plan_is_the_sealed_one(plan, terms) is None
    assert plan_is_the_sealed_one(a_plan(a_leg(11)), terms) == Refusal(
        code="CARD_PLAN_CHANGED",
        message="the plan is not the one this card was made for",
        remedy="Ask for the trade again.",
        final=True,
    )


# At what price


def market_plan(side: Side, slippage: Amount | None = None, **changes: Any) -> TradePlan:
    limit = None if slippage is None else Decimal(slippage)
    return a_plan(a_market_leg(side=side, **changes), intent=a_trade_intent(max_slippage_pct=limit))


@pytest.mark.parametrize(
    ("side", "slippage", "quote", "moved"),
    [
        (Side.BUY, None, {"ask": 1010}, False),
        (Side.BUY, None, {"ask": "1010.05"}, True),
        (Side.BUY, None, {"ask": 900}, False),
        (Side.BUY, None, {"bid": 900, "last": 1011}, True),
        (Side.SELL, None, {"bid": 990}, False),
        (Side.SELL, None, {"bid": "989.95"}, True),
        (Side.SELL, None, {"bid": 1100}, False),
        (Side.SELL, None, {"ask": 1100, "last": 989}, True),
        (Side.BUY, 0, {"ask": 1000}, False),
        (Side.BUY, 0, {"ask": "1000.05"}, True),
        (Side.BUY, 5, {"ask": 1050}, False),
        (Side.SELL, 5, {"bid": "949.95"}, True),
    ],
)
def test_an_unpriced_order_is_void_when_the_far_touch_left_the_price_that_was_shown(
    side: Side, slippage: int | None, quote: dict[str, Any], moved: bool
) -> None:
    refusal = price_moved(market_plan(side, slippage), [a_quote(**quote)])
    assert code(refusal) == ("PRICE_MOVED" if moved else None)


def test_a_moved_price_says_by_how_much_and_voids_the_card() -> None:
    assert price_moved(market_plan(Side.BUY), [a_quote(ask=1025)]) == Refusal(
        code="PRICE_MOVED",
        message="NSE:INFY moved against the plan by 2.50 %, over 1 %",
        remedy="Ask again to see a card at today's price.",
        final=True,
    )


def test_without_a_price_now_nothing_says_that_it_did_not_move() -> None:
    refusal = price_moved(market_plan(Side.BUY), [a_quote("TCS")])
    assert refusal is not None
    assert (refusal.code, refusal.message) == (
        "PRICE_MOVED",
        "NSE:INFY moved against the plan by unknown, over 1 %",
    )


@pytest.mark.parametrize("prices", [{}, {"trigger_price": Decimal(1000)}])
def test_an_order_with_a_limit_is_held_by_it_wherever_the_market_went(
    prices: dict[str, Any],
) -> None:
    assert price_moved(a_plan(a_leg(**prices)), [a_quote(ask=5000)]) is None
    assert price_moved(a_plan(a_leg(**prices)), []) is None


def test_a_stop_market_order_is_judged_against_its_trigger() -> None:
    plan = market_plan(Side.BUY, trigger_price=Decimal(1100), reference_price=Decimal(1100))
    assert price_moved(plan, [a_quote(ask=1000)]) is None
    assert code(price_moved(plan, [a_quote(ask=1112)])) == "PRICE_MOVED"


def protected_plan(side: Side, limit: Amount, **changes: Any) -> TradePlan:
    """A market order that the broker took only with a limit."""
    leg = a_leg(side=side, limit_price=Decimal(limit), **changes)
    return a_plan(leg, intent=a_trade_intent(side=side))


@pytest.mark.parametrize(
    ("side", "limit", "quote", "moved"),
    [
        (Side.BUY, 1005, {"ask": 1005}, False),
        (Side.BUY, 1005, {"ask": "1005.05"}, True),
        (Side.BUY, 1005, {"last": 900}, False),
        (Side.SELL, 995, {"bid": 995}, False),
        (Side.SELL, 995, {"bid": "994.95"}, True),
        # However far the limit lets it go, the price that was shown is not left by more than 1 %.
        (Side.BUY, 1020, {"ask": "1010.05"}, True),
    ],
)
def test_a_market_order_with_a_limit_is_void_once_the_limit_would_only_wait(
    side: Side, limit: int, quote: dict[str, Any], moved: bool
) -> None:
    refusal = price_moved(protected_plan(side, limit), [a_quote(**quote)])
    assert code(refusal) == ("PRICE_MOVED" if moved else None)


def test_a_limit_out_of_reach_is_told_with_both_prices() -> None:
    assert price_moved(protected_plan(Side.BUY, 1005), [a_quote(ask="1005.05")]) == Refusal(
        code="PRICE_MOVED",
        message="NSE:INFY is at 1005.05 now, beyond the order's limit of 1005",
        remedy="Ask again to see a card at today's price.",
        final=True,
    )


def test_a_protected_stop_waits_for_its_trigger_wherever_its_limit_is() -> None:
    plan = protected_plan(
        Side.BUY, 1105, trigger_price=Decimal(1100), reference_price=Decimal(1100)
    )
    assert price_moved(plan, [a_quote(ask=1000)]) is None
    assert price_moved(plan, [a_quote(ask=1108)]) is None


def test_an_exit_that_was_made_of_a_market_entry_is_held_by_its_own_limit() -> None:
    plan = a_plan(a_leg(side=Side.SELL, limit_price=Decimal(1020)), intent=a_trade_intent())
    assert price_moved(plan, [a_quote(bid=500)]) is None


def test_one_moved_leg_is_enough() -> None:
    plan = a_plan(a_market_leg(), a_market_leg(symbol="TCS", leg=1))
    refusal = price_moved(plan, [a_quote(), a_quote("TCS", ask=1200)])
    assert refusal is not None
    assert refusal.message == "NSE:TCS moved against the plan by 20.00 %, over 1 %"


# The person's own word


def word_counts(plan: TradePlan) -> bool:
    return word_authorises(
        approver("trader"),
        initiator="usr-1",
        account_mode="EXECUTE",
        plan=plan,
        below=plan.notional + 1,
    )


@pytest.mark.parametrize("field", ["side", "symbols", "sizing", "product", "order_type"])
def test_one_field_that_a_program_passed_on_is_enough_for_the_word_not_to_count(
    field: str,
) -> None:
    own = a_trade_intent()
    words = Provenance(source=ProvenanceSource.CLIENT_SPAN, text="buy", start=0, end=3)
    passed_on = own.model_copy(update={"provenance": {**own.provenance, field: words}})
    assert word_counts(a_plan(a_leg(), intent=own))
    assert not word_counts(a_plan(a_leg(), intent=passed_on))
