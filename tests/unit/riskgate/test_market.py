"""Whether this is the time, and the market, for an order."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from riskgate.contracts.decisions import Verdict
from riskgate.contracts.orders import OrderType, Product, Side
from riskgate.facts import Candidate, DepthLevel, Market, Price
from riskgate.judge import Judge, Judgement
from riskgate.policy import Policy
from tests.unit.riskgate.builders import (
    NOW,
    WIDE_POLICY,
    Amount,
    a_book,
    a_candidate,
    a_policy,
    a_price,
    a_situation,
)

BUY, SELL = Side.BUY, Side.SELL
MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)


def judged(
    order: Candidate, price: Price | None = None, *, held: int = 0, **market: Any
) -> Judgement:
    policy = market.pop("policy", WIDE_POLICY)
    situation = a_situation(market=Market(**{"is_open": True} | market))
    return Judge(policy).judge(order, a_book(held=held, price=price), situation)


def guarded(**market: object) -> Policy:
    return a_policy(WIDE_POLICY, market=market)


def test_a_closed_market_says_when_it_opens_where_that_is_known() -> None:
    opens = NOW + timedelta(hours=1)
    (finding,) = judged(a_candidate(), is_open=False, next_opens_at=opens).findings
    assert "it opens at 2026-03-02T07:00:00.000000Z" in finding.breach.message
    (finding,) = judged(a_candidate(), is_open=False).findings
    assert finding.breach.message == "MARKET_CLOSED: the market is closed"


@pytest.mark.parametrize("is_open", [None, False])
def test_hours_that_are_not_checked_do_not_matter_and_closed_ones_hold_for_exits(
    is_open: bool | None,
) -> None:
    unchecked = guarded(check_hours=False)
    assert judged(a_candidate(), is_open=is_open, policy=unchecked).verdict is Verdict.ALLOW
    exit_ = judged(a_candidate(10, SELL), held=10, is_open=is_open)
    assert exit_.rule_ids == (() if is_open is None else ("MKT-001",))


BAND = {"low_band": Decimal(900), "high_band": Decimal(1010)}


@pytest.mark.parametrize(
    ("order", "last", "expected"),
    [
        (a_candidate(limit=1010), 1000, []),
        (a_candidate(limit="1010.05"), 1000, ["limit 1010.05"]),
        (a_candidate(limit=900), 1000, []),
        (a_candidate(limit="899.95"), 1000, ["limit 899.95"]),
        (a_candidate(), 900, []),
        (a_candidate(), "899.95", ["last 899.95"]),
        (a_candidate(), 1010, []),
        (a_candidate(), "1010.05", ["last 1010.05"]),
        (
            a_candidate(limit=1020, trigger_price=Decimal(1015), order_type=OrderType.SL),
            1000,
            ["limit 1020", "trigger 1015"],
        ),
    ],
)
def test_every_price_lies_within_the_days_band(
    order: Candidate, last: Amount, expected: list[str]
) -> None:
    found = judged(order, a_price(last, **BAND)).findings
    assert {finding.rule.rule_id for finding in found} <= {"MKT-002"}
    assert [" ".join(f.breach.message.split()[1:3]) for f in found] == expected


@pytest.mark.parametrize("known", [{}, {"low_band": Decimal(1)}, {"high_band": Decimal(9999)}])
def test_a_live_market_without_both_ends_of_its_band_is_refused_and_a_simulated_one_is_not(
    known: dict[str, Decimal],
) -> None:
    assert judged(a_candidate(), a_price(live=True, **known)).rule_ids == ("MKT-002",)
    assert judged(a_candidate(), a_price(**known)).verdict is Verdict.ALLOW
    unchecked = guarded(check_circuit_band=False)
    live = judged(a_candidate(), a_price(live=True, **known), policy=unchecked)
    assert live.verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("closes_in", "refused"),
    [(10 * MINUTE + MICROSECOND, False), (10 * MINUTE, True), (MINUTE, True), (-MINUTE, True)],
)
def test_intraday_positions_are_opened_until_the_cutoff(
    closes_in: timedelta, refused: bool
) -> None:
    closes = NOW + closes_in
    assert bool(judged(a_candidate(), closes_at=closes).findings) is refused
    assert not judged(a_candidate(product=Product.CNC), closes_at=closes).findings
    assert not judged(a_candidate(10, SELL), held=10, closes_at=closes).findings
    assert not judged(
        a_candidate(), closes_at=closes, policy=guarded(mis_cutoff_minutes=0)
    ).findings


def depth(*levels: tuple[Amount, int]) -> tuple[DepthLevel, ...]:
    return tuple(DepthLevel(Decimal(price), Decimal(quantity)) for price, quantity in levels)


SLIPPAGE = guarded(max_slippage_pct="0.01")


@pytest.mark.parametrize(
    ("side", "levels", "allowed"),
    [
        (BUY, depth((1001, 5), (1010, 5)), 10),
        (BUY, depth((1001, 5), ("1010.05", 5)), 5),
        (BUY, depth((1001, 5)), 5),
        (SELL, depth((999, 5), (990, 5)), 10),
        (SELL, depth((999, 5), ("989.95", 5)), 5),
        (BUY, depth((1011, 100)), None),
        (BUY, (), None),
        (BUY, depth((1001, 10), (2000, 1)), 10),
    ],
)
def test_a_market_order_is_cut_to_what_the_depth_takes_within_the_bound(
    side: Side, levels: tuple[DepthLevel, ...], allowed: int | None
) -> None:
    price = a_price(asks=levels) if side is BUY else a_price(bids=levels)
    judgement = judged(a_candidate(10, side), price, policy=SLIPPAGE)
    expected = {10: Verdict.ALLOW, None: Verdict.DENY}.get(allowed, Verdict.MODIFY)
    assert judgement.verdict is expected
    assert judgement.allowed == (allowed if expected is Verdict.MODIFY else None)


def test_an_order_with_a_limit_cannot_slip() -> None:
    assert judged(a_candidate(limit=1000), policy=SLIPPAGE).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("begun", "refused"),
    [("1030", False), ("1030.05", True), ("970", False), ("969.95", True), (None, True)],
)
def test_nothing_is_opened_into_a_gap(begun: str | None, refused: bool) -> None:
    begins = None if begun is None else Decimal(begun)
    price = a_price(open=begins, previous_close=Decimal(1000))
    policy = guarded(max_gap_pct="0.03")
    assert (judged(a_candidate(), price, policy=policy).rule_ids == ("MKT-005",)) is refused
    assert judged(a_candidate(10, SELL), price, held=10, policy=policy).verdict is Verdict.ALLOW


@pytest.mark.parametrize("close", [None, Decimal(0)])
def test_a_close_that_is_not_known_denies(close: Decimal | None) -> None:
    price = a_price(open=Decimal(1000), previous_close=close)
    policy = guarded(max_gap_pct="0.03")
    (finding,) = judged(a_candidate(), price, policy=policy).findings
    assert finding.breach.message.startswith("GAP_UNKNOWN")


PROTECTED = a_policy(WIDE_POLICY, order={"market_protection_pct": "0.01"})


@pytest.mark.parametrize(
    ("side", "touch", "refused"),
    [
        (BUY, "1010", False),
        (BUY, "1010.05", True),
        (SELL, "990", False),
        (SELL, "989.95", True),
        (BUY, None, True),
        (SELL, None, True),
    ],
)
def test_an_order_without_a_limit_needs_a_market_that_is_seen_and_near(
    side: Side, touch: str | None, refused: bool
) -> None:
    at = None if touch is None else Decimal(touch)
    price = a_price(ask=at) if side is BUY else a_price(bid=at)
    assert (
        judged(a_candidate(10, side), price, policy=PROTECTED).rule_ids == ("ORD-013",)
    ) is refused
    limited = a_candidate(10, side, limit=1000)
    assert judged(limited, price, policy=PROTECTED).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("own", "resting", "refused"),
    [
        (None, 1000, True),
        (None, 5000, False),
        (1000, None, True),
        (1000, 1000, True),
        (1000, "1000.05", False),
        (None, None, True),
    ],
)
def test_an_order_that_could_trade_with_an_own_one_is_refused(
    own: Amount | None, resting: Amount | None, refused: bool
) -> None:
    book = a_book()
    other = a_candidate(5, SELL, limit=resting, product=Product.NRML)
    book.place("resting", other)
    judgement = Judge(WIDE_POLICY).judge(a_candidate(1, limit=own), book, a_situation())
    assert (judgement.rule_ids == ("ORD-014",)) is refused
    same_side = Judge(WIDE_POLICY).judge(a_candidate(1, SELL, limit=1000), book, a_situation())
    assert same_side.verdict is Verdict.ALLOW
