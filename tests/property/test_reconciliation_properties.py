"""Whatever two books hold: equal ones have no difference, and every difference is found once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.reconciliation.actions import possible
from app.reconciliation.causes import explain
from app.reconciliation.corporate import corporate_ratio
from app.reconciliation.diff import compare, totals
from app.reconciliation.known import Known, without_repeats
from riskgate.contracts.orders import BrokerTrade, OrderState, Product, Side
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Position
from riskgate.contracts.traces import DeltaCause, DeltaKind
from tests.builders import TAG, a_trade, an_expected_order, an_order_intent, an_order_record
from tests.unit.riskgate.builders import NOW, a_ledger, a_position, a_snapshot, an_open_order

SYMBOLS = ("INFY", "TCS", "SBIN", "ITC")
positions = st.builds(
    a_position,
    st.integers(-50, 50),
    st.sampled_from(SYMBOLS),
    st.sampled_from(Product),
    average_price=st.integers(1, 5000).map(Decimal),
)
books = st.lists(positions, max_size=8)
sizes = st.lists(st.integers(1, 30), min_size=1, max_size=5)


def seen_of(ours: Sequence[Position], **changes: Any) -> BrokerSnapshot:
    return a_snapshot(positions=tuple(ours), **changes)


def ledger_of(ours: Sequence[Position], **changes: Any) -> LedgerSnapshot:
    return a_ledger(expected_positions=tuple(ours), **changes)


@given(books, st.data())
def test_a_book_never_differs_from_itself_however_it_is_listed(
    book: list[Position], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(book))
    cut = data.draw(st.integers(0, len(book)))
    broker = a_snapshot(positions=tuple(shuffled[:cut]), holdings=tuple(shuffled[cut:]))
    assert compare(ledger_of(book), broker) == ()


@given(books, books)
def test_every_position_that_differs_is_found_once_and_no_other(
    ours: list[Position], theirs: list[Position]
) -> None:
    mine, truth = totals(ours), totals(theirs)
    found = compare(ledger_of(ours), seen_of(theirs))
    wanted = {key for key in mine | truth if mine.get(key, 0) != truth.get(key, 0)}
    assert {(delta.instrument, delta.product) for delta in found} == wanted
    assert len(found) == len(wanted)


@given(books, books, st.data())
def test_the_order_of_the_rows_changes_nothing(
    ours: list[Position], theirs: list[Position], data: st.DataObject
) -> None:
    ledger, broker = ledger_of(ours), seen_of(theirs)
    other_ledger = ledger_of(data.draw(st.permutations(ours)))
    other = seen_of(data.draw(st.permutations(theirs)))
    assert _explained(ledger, broker) == _explained(other_ledger, other)


@given(st.integers(-40, 40), st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 30))))
def test_trades_of_others_that_make_up_the_difference_are_manual_in_any_order(
    held: int, trades: list[tuple[Side, int]]
) -> None:
    foreign = tuple(
        a_trade(side, size, trade_id=f"t-{n}", broker_order_id=f"f-{n}")
        for n, (side, size) in enumerate(trades)
    )
    moved = sum(side.sign * size for side, size in trades)
    ledger, broker = ledger_of([a_position(held)]), seen_of([a_position(held + moved)])
    for order in (foreign, foreign[::-1]):
        known = Known(trades=without_repeats((*order, *order)), at=NOW)
        found = _explained(ledger, broker, known)
        assert [delta.cause for delta in found] == [DeltaCause.MANUAL_TRADE] * (moved != 0)


@given(sizes, st.data())
def test_every_fill_that_is_not_booked_is_found_and_told_for_ours(
    fills: list[int], data: st.DataObject
) -> None:
    ordered = sum(fills)
    trades = tuple(
        a_trade(Side.BUY, size, trade_id=f"t-{n}", broker_order_id="b-1")
        for n, size in enumerate(fills)
    )
    booked = data.draw(st.sets(st.sampled_from(trades).map(lambda t: t.trade_id)))
    ours = tuple(trade for trade in trades if trade.trade_id in booked)
    filled = sum((t.quantity for t in ours), Decimal(0))
    known = Known(trades=trades, orders=(_over(ordered, filled),), fills=ours, at=NOW)
    shown = an_open_order(
        quantity=ordered, tag=TAG, filled_quantity=Decimal(ordered), status="COMPLETE"
    )
    held = [a_position(filled)] if filled else []
    found = _explained(ledger_of(held), seen_of([a_position(ordered)], orders=(shown,)), known)
    missed = {d.trade_id for d in found if d.kind is DeltaKind.FILL_NOT_BOOKED}
    assert missed == {trade.trade_id for trade in trades} - booked
    assert {delta.cause for delta in found} == ({DeltaCause.MISSED_FILL} if missed else set())


def _over(ordered: int, filled: Decimal) -> Any:
    record = an_order_record(an_order_intent(quantity=ordered, tag=TAG), state=OrderState.CANCELLED)
    return replace(
        record,
        broker_order_id="b-1",
        filled_quantity=filled,
        cancelled_quantity=ordered - filled,
    )


@given(
    st.integers(1, 500),
    st.tuples(st.integers(1, 20), st.integers(1, 20)).filter(lambda r: r[0] != r[1]),
    st.integers(100, 100_000),
)
def test_a_split_or_bonus_keeps_the_cost_and_is_told_from_a_trade(
    held: int, ratio: tuple[int, int], price: int
) -> None:
    gained, given_ = ratio
    before = a_position(held * given_, average_price=Decimal(price))
    after = a_position(
        held * gained, average_price=(Decimal(price) * given_ / gained).quantize(Decimal("0.0001"))
    )
    dearer = after.model_copy(update={"average_price": before.average_price * 40})
    assert corporate_ratio(before, after) is not None
    assert corporate_ratio(before, before) is None
    assert corporate_ratio(before, dearer) is None


@given(st.integers(0, 120))
def test_an_order_in_doubt_is_lag_within_the_settle_time_and_unknown_after_it(age: int) -> None:
    intent = an_order_intent(tag=TAG)
    record = replace(
        an_order_record(intent, state=OrderState.UNKNOWN), sent_at=NOW - timedelta(seconds=age)
    )
    unknown = an_expected_order(state=OrderState.UNKNOWN.value, broker_order_id=None)
    unknown = unknown.model_copy(update={"order_id": intent.order_id, "tag": intent.tag})
    known = Known(orders=(record,), at=NOW, settle=timedelta(seconds=30))
    (found,) = _explained(ledger_of([], expected_orders=(unknown,)), seen_of([]), known)
    assert found.cause is (DeltaCause.BROKER_LAG if age < 30 else DeltaCause.UNKNOWN)
    assert bool(possible(found)) is (age >= 30)


def _explained(ledger: LedgerSnapshot, broker: BrokerSnapshot, known: Known | None = None) -> Any:
    known = known or Known(at=NOW)
    found = compare(ledger, broker, known)
    return tuple(explain(delta, ledger, broker, known) for delta in found)


def test_trades_are_the_same_whatever_the_broker_repeats() -> None:
    one: BrokerTrade = a_trade(Side.BUY, 1)
    assert without_repeats([one, one, one]) == (one,)
