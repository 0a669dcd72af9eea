"""What standing says is used and left is what the gate compares, and never flatters."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.orders import Side
from riskgate.contracts.snapshots import Quote
from riskgate.contracts.standing import LimitUse, Standing
from riskgate.inputs import Classification, GateInput, Sent, SentMessage
from riskgate.policy import Policy
from riskgate.standing import SentCounts, StandingInput, standing_of
from tests.property.gate_cases import Case
from tests.property.gate_strategies import Drawn, cases, choices, gate_input_of, thorough
from tests.unit.riskgate.builders import (
    NOW,
    WIDE_POLICY,
    a_gate_input,
    a_history,
    a_leg,
    a_policy,
    a_position,
    a_quote,
    a_ref,
    a_snapshot,
    an_instrument,
    an_open_order,
    changed,
    decide,
    margins,
    seconds,
    terms,
)

EQUITY: Final = Decimal(1_000_000)
PRICE: Final = 1_000
NOTHING_SENT: Final = SentCounts(
    orders_minute=Decimal(0),
    messages_second=Decimal(0),
    messages_minute=Decimal(0),
    orders_day=Decimal(0),
)
# Of each limit whose use grows with what is bought: where it stands in a policy.
BY_VALUE: Final = {
    "EXP-001": "max_position_pct",
    "EXP-002": "max_gross_exposure_x",
    "EXP-003": "max_net_exposure_x",
    "EXP-004": "max_sector_pct",
    "EXP-005": "max_symbol_pct",
}
Key = tuple[str, str, str | None]


def standing_input(given_: GateInput, **changes: Any) -> StandingInput:
    """Return an account with the plan of a gate's input taken away."""
    assert given_.broker is not None
    fields: dict[str, Any] = {
        "broker": given_.broker,
        "margins": given_.broker.margins or margins(),
        "quotes": given_.quotes,
        "as_of": given_.as_of,
        "kill_switch": KillSwitchLevel.RUNNING,
        "start_of_day_equity": given_.start_of_day_equity,
        "history": given_.history,
        "sent": NOTHING_SENT,
        "instruments": (*given_.instruments, *(leg.instrument for leg in given_.plan.legs)),
        "classifications": given_.classifications,
    }
    return StandingInput.model_validate(fields | changes)


def rows_of(standing: Standing) -> dict[Key, LimitUse]:
    """Return the rows by what they are of; no two are of the same."""
    found = {(row.rule_id, row.limit_name, row.of): row for row in standing.uses}
    assert len(found) == len(standing.uses)
    return found


@thorough(200)
@given(cases(of_plan=True))
def test_what_is_left_is_the_limit_less_what_is_used_and_never_below_nothing(case: Case) -> None:
    standing = standing_of(case.policy, standing_input(gate_input_of(case)))
    for row in standing.uses:
        if row.used is None or row.limit is None:
            assert row.left is None
        elif row.rule_id == "LOSS-004" and case.account.month_spent:
            assert row.left == 0
        else:
            assert row.left == max(row.limit - row.used, Decimal(0))
        assert row.used is None or row.used >= 0
        assert row.is_reached == (row.left is not None and row.used is not None and row.left == 0)


@thorough(100)
@given(cases(of_plan=True), choices())
def test_how_a_snapshot_lists_what_it_holds_changes_no_figure(case: Case, chosen: Drawn) -> None:
    asked = standing_input(gate_input_of(case))
    turn = chosen.number(0, 5)
    book = changed(
        asked.broker,
        positions=(*asked.broker.positions[turn:], *asked.broker.positions[:turn]),
        orders=tuple(reversed(asked.broker.orders)),
    )
    other = changed(
        asked,
        broker=book,
        quotes=tuple(reversed(asked.quotes)),
        instruments=tuple(reversed(asked.instruments)),
    )
    assert rows_of(standing_of(case.policy, asked)) == rows_of(standing_of(case.policy, other))


@thorough(100)
@given(cases(of_plan=True), st.integers(1, 50), st.booleans())
def test_an_order_that_opens_raises_what_is_used_and_never_what_is_left(
    case: Case, quantity: int, reserved: bool
) -> None:
    """An instrument of its own, so that the order closes nothing."""
    more: dict[str, Any] = {"instruments": (*gate_input_of(case).instruments, an_instrument("NEW"))}
    asked = standing_input(gate_input_of(case))
    quotes = (*asked.quotes, a_quote("NEW", PRICE))
    before = changed(asked, **more, quotes=quotes)
    if reserved:
        after = changed(before, reserved=(terms(quantity=quantity, symbol="NEW"),))
    else:
        order = an_open_order(quantity=quantity, symbol="NEW", broker_order_id="b-new")
        book = changed(before.broker, orders=(*before.broker.orders, order))
        after = changed(before, broker=book)
    old = rows_of(standing_of(case.policy, before))
    new = rows_of(standing_of(case.policy, after))
    assert old.keys() <= new.keys()
    for key, row in old.items():
        now = new[key]
        if row.rule_id == "EXP-003":
            continue
        assert (now.used is None) == (row.used is None)
        assert row.used is None or now.used is None or now.used >= row.used
        assert row.left is None or now.left is None or now.left <= row.left
    gross = new.get(("EXP-002", "exposure.max_gross_exposure_x", None))
    if gross is not None:
        was = old["EXP-002", "exposure.max_gross_exposure_x", None].used
        assert was is not None
        assert gross.used == was + quantity * PRICE


@thorough(100)
@given(cases(of_plan=True))
def test_a_limit_that_is_not_set_has_no_row_and_the_others_stay(case: Case) -> None:
    asked = standing_input(gate_input_of(case))
    whole = rows_of(standing_of(case.policy, asked))
    bare = a_policy(case.policy, exposure={"max_gross_exposure_x": None})
    left = rows_of(standing_of(bare, asked))
    assert left == {key: row for key, row in whole.items() if key[0] != "EXP-002"}


def a_world(held: Mapping[str, int], quantity: int) -> GateInput:
    """Return a plan to buy INFY in an account that holds some shares at the same price."""
    quotes: tuple[Quote, ...] = tuple(a_quote(symbol, PRICE) for symbol in ("INFY", "TCS"))
    return a_gate_input(
        a_leg(quantity),
        held=[a_position(count, symbol) for symbol, count in held.items() if count],
        quotes=quotes,
        instruments=(an_instrument("INFY"), an_instrument("TCS")),
        classifications=tuple(
            Classification(instrument=a_ref(symbol), sector="IT", underlying=symbol)
            for symbol in ("INFY", "TCS")
        ),
    )


def left_of(rule_id: str, standing: Standing, limit: Decimal) -> Decimal:
    """Return what is left for INFY by a rule; of what nothing is held yet all is left."""
    rows = [
        row
        for row in standing.uses
        if row.rule_id == rule_id and row.of in {None, "NSE:INFY", "INFY", "IT"}
    ]
    if not rows:
        return limit
    [row] = rows
    assert row.left is not None
    return row.left


@pytest.mark.parametrize("rule_id", sorted(BY_VALUE))
@thorough(60)
@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 400), st.integers(1, 600))
def test_an_order_passes_a_limit_exactly_when_it_fits_what_is_left(
    rule_id: str, infy: int, tcs: int, quantity: int, thousandths: int
) -> None:
    share = Decimal(thousandths) / 1_000
    policy = a_policy(WIDE_POLICY, exposure={BY_VALUE[rule_id]: share})
    world = a_world({"INFY": infy, "TCS": tcs}, quantity)
    standing = standing_of(policy, standing_input(world))
    left = left_of(rule_id, standing, share * EQUITY)
    over = infy * PRICE > share * EQUITY if rule_id == "EXP-001" else False
    refused = rule_id in {one.rule_id for one in decide(world, policy).violations}
    assert refused == (over or quantity * PRICE > left)


@thorough(60)
@given(st.integers(0, 6), st.integers(1, 6))
def test_one_more_order_waits_only_where_a_place_is_left(open_orders: int, most: int) -> None:
    policy = a_policy(WIDE_POLICY, exposure={"max_open_orders": most})
    orders = [
        an_open_order(quantity=1, symbol="TCS", broker_order_id=f"b-{number}")
        for number in range(open_orders)
    ]
    world = changed(a_world({}, 1), broker=a_snapshot(orders=tuple(orders)))
    [row] = [r for r in standing_of(policy, standing_input(world)).uses if r.rule_id == "EXP-007"]
    assert row.used == open_orders
    assert row.limit == most
    refused = "EXP-007" in {one.rule_id for one in decide(world, policy).violations}
    assert refused == (row.left == 0)


def an_order_sent(age_s: int) -> SentMessage:
    return SentMessage(
        at=NOW - seconds(age_s), strategy_id="manual", instrument=a_ref("TCS"), side=Side.SELL
    )


@thorough(60)
@given(st.integers(0, 8), st.integers(1, 8), st.booleans(), st.sampled_from(["0", "0.25"]))
def test_one_more_order_goes_out_only_where_the_rate_has_room(
    gone: int, most: int, per_day: bool, kept: str
) -> None:
    """What is kept for exits is not left, for an order that opens may not use it."""
    field = "max_orders_per_day" if per_day else "max_orders_per_minute_global"
    rule_id = "EXEC-005" if per_day else "EXEC-001"
    policy = a_policy(WIDE_POLICY, execution={field: most, "exit_reserve_pct": Decimal(kept)})
    messages = tuple(an_order_sent(10 + number) for number in range(gone))
    world = changed(a_world({}, 1), sent=Sent(messages=messages, orders_today=gone))
    counts = changed(
        NOTHING_SENT,
        orders_minute=Decimal(gone),
        messages_minute=Decimal(gone),
        orders_day=Decimal(gone),
    )
    standing = standing_of(policy, standing_input(world, sent=counts))
    [row] = [one for one in standing.uses if one.rule_id == rule_id]
    assert row.used == gone
    assert row.left is not None
    refused = rule_id in {one.rule_id for one in decide(world, policy).violations}
    assert refused == (row.left == 0)


@thorough(100)
@given(st.integers(1, 2_000), st.integers(1, 2_000), st.integers(1, 500))
def test_a_loss_is_counted_from_what_its_period_began_with(
    began: int, now: int, thousandths: int
) -> None:
    share = Decimal(thousandths) / 1_000
    start, equity = Decimal(began) * 1_000, Decimal(now) * 1_000
    policy = a_policy(WIDE_POLICY, loss={"daily_loss_limit_pct": share})
    money = margins(equity=equity, available=equity)
    world = a_world({}, 1)
    asked = standing_input(
        world,
        margins=money,
        broker=a_snapshot(margins=money),
        start_of_day_equity=start,
        history=a_history(int(start)),
    )
    [row] = [one for one in standing_of(policy, asked).uses if one.rule_id == "LOSS-001"]
    assert row.used == max(start - equity, Decimal(0))
    assert row.limit == share * start


def test_what_is_not_known_is_told_as_not_known_and_never_as_nothing_used() -> None:
    policy: Policy = a_policy(WIDE_POLICY, loss={"daily_loss_limit_pct": Decimal("0.02")})
    money = margins(equity=Decimal(0), available=Decimal(0))
    world = a_world({"INFY": 3}, 1)
    [loss, *others] = standing_of(
        policy,
        standing_input(
            world,
            margins=money,
            broker=changed(world.broker or a_snapshot(), margins=money),
            quotes=(),
            start_of_day_equity=None,
        ),
    ).uses
    assert (loss.rule_id, loss.used, loss.limit, loss.left) == ("LOSS-001", None, None, None)
    shares = [row for row in others if row.rule_id in {*BY_VALUE, "LOSS-005"}]
    assert shares
    assert {row.limit for row in shares} == {None}
    assert {row.left for row in shares} == {None}
    assert not any(row.is_reached for row in shares)


def test_an_instrument_that_cannot_be_valued_is_named() -> None:
    world = a_world({"INFY": 3}, 1)
    standing = standing_of(WIDE_POLICY, standing_input(world, quotes=(a_quote("TCS", PRICE),)))
    assert [text.split(":")[0] for text in standing.unpriced] == ["NSE"]
    assert "NSE:INFY" in standing.unpriced[0]


def test_each_count_stands_in_the_row_of_its_own_limit() -> None:
    counts = SentCounts(
        orders_minute=Decimal(1),
        messages_second=Decimal(2),
        messages_minute=Decimal(3),
        orders_day=Decimal(4),
    )
    standing = standing_of(WIDE_POLICY, standing_input(a_world({}, 1), sent=counts))
    used = {row.limit_name: row.used for row in standing.uses if row.rule_id.startswith("EXEC")}
    assert used == {
        "execution.max_orders_per_minute_global": 1,
        "execution.max_messages_per_second": 2,
        "execution.max_messages_per_minute": 3,
        "execution.max_orders_per_day": 4,
    }


@thorough(30)
@given(st.integers(0, 400), st.integers(0, 500))
def test_money_that_orders_on_their_way_will_take_is_used(quantity: int, blocked: int) -> None:
    money = margins(used=Decimal(blocked), available=EQUITY - blocked)
    reserved = (terms(quantity=quantity, symbol="TCS"),) if quantity else ()
    asked = standing_input(a_world({}, 1), margins=money, reserved=reserved)
    policy = a_policy(WIDE_POLICY, margin={"margin_fraction": 1})
    [row] = [one for one in standing_of(policy, asked).uses if one.rule_id == "MARGIN-001"]
    assert row.used == blocked + quantity * PRICE
    assert row.limit == EQUITY
