"""Protection never covers more than is held, is the same twice, and ends the same in any order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from app.protection.desired import (
    FAILED,
    ON_ITS_WAY,
    Action,
    Cancel,
    Kind,
    Place,
    Protective,
    View,
    Wanted,
    Why,
    covering,
    desired,
)
from app.protection.shares import Entry, Exit
from riskgate.contracts.orders import OrderState, Side

T = TypeVar("T")
NOW = datetime(2026, 3, 11, 4, 30, tzinfo=UTC)
ZERO = Decimal(0)
RESTING = (OrderState.OPEN, OrderState.PARTIALLY_FILLED)


def _times() -> st.SearchStrategy[datetime]:
    return st.integers(0, 3_000).map(lambda seconds: NOW - timedelta(seconds=seconds))


def _quantities(most: int = 40) -> st.SearchStrategy[Decimal]:
    return st.integers(0, most).map(Decimal)


@st.composite
def protectives(draw: st.DrawFn, entry_ids: list[str]) -> Protective:
    state = draw(st.sampled_from([*RESTING, *ON_ITS_WAY, *FAILED, OrderState.CANCELLED]))
    return Protective(
        order_id=f"p{draw(st.integers(0, 10**9))}",
        entry_id=draw(st.sampled_from(entry_ids)),
        kind=draw(st.sampled_from(Kind)),
        generation=draw(st.integers(1, 6)),
        state=state,
        open=ZERO if state.final else draw(_quantities(20)),
        filled=draw(_quantities(10)),
        limit_price=draw(st.none() | st.integers(900, 1100).map(Decimal)),
        created_at=draw(_times()),
        of_this_session=draw(st.booleans()),
        taken_back=draw(st.none() | st.sampled_from(Why)),
    )


@st.composite
def pairs(draw: st.DrawFn, entry_ids: list[str]) -> list[Protective]:
    """A stop and a target of one quantity, one or both over, filled in part, in any state.

    Never more of the two than their quantity filled; an order that is final has nothing open.
    """
    quantity = draw(st.integers(1, 20).map(Decimal))
    entry_id, generation = draw(st.sampled_from(entry_ids)), draw(st.integers(1, 6))
    number, left = draw(st.integers(0, 10**9)), quantity
    taken_back, created_at = draw(st.none() | st.sampled_from(Why)), draw(_times())
    both = []
    for kind in (Kind.STOP, Kind.TARGET):
        filled = draw(st.integers(0, int(left)).map(Decimal))
        left -= filled
        over = draw(st.booleans())
        both.append(
            Protective(
                order_id=f"p{number}-{kind}",
                entry_id=entry_id,
                kind=kind,
                generation=generation,
                state=OrderState.CANCELLED if over else draw(st.sampled_from(RESTING)),
                open=ZERO if over else quantity - filled,
                filled=filled,
                limit_price=draw(st.integers(900, 1100).map(Decimal)),
                created_at=created_at,
                taken_back=taken_back,
                pair=f"plan-{number}",
                quantity=quantity,
            )
        )
    return both


@st.composite
def views(draw: st.DrawFn) -> View:
    count = draw(st.integers(1, 3))
    ids = [f"e{number}" for number in range(count)]
    side = draw(st.sampled_from(Side))
    return View(
        side=side,
        entries=tuple(
            Entry(order_id=each, filled=draw(_quantities()), created_at=draw(_times()))
            for each in ids
        ),
        exits=tuple(
            Exit(order_id=f"x{number}", filled=draw(_quantities()), created_at=draw(_times()))
            for number in range(draw(st.integers(0, 3)))
        ),
        wanted=tuple(
            Wanted(
                entry_id=each,
                stop=draw(st.none() | st.just(Decimal(1000 - 20 * side.sign))),
                target=draw(st.none() | st.just(Decimal(1000 + 30 * side.sign))),
                not_before=draw(st.none() | _times()),
            )
            for each in ids
        ),
        orders=(
            *draw(st.lists(protectives(ids), max_size=5, unique_by=lambda o: o.order_id)),
            *_flat(draw(st.lists(pairs(ids), max_size=2, unique_by=lambda both: both[0].pair))),
        ),
        held=draw(_quantities(80)),
        leaving=draw(_quantities(20)),
        last=draw(st.none() | st.integers(940, 1060).map(Decimal)),
        now=NOW,
        cannot_send=draw(st.none() | st.just("stopped: HALTED")),
        stop_rests=draw(st.booleans()),
        pairs=draw(st.booleans()),
        lot=Decimal(draw(st.sampled_from([1, 5]))),
    )


def covered(view: View) -> Decimal:
    return covering(view.orders)


def sellable(view: View) -> Decimal:
    """What the broker would let the protective orders close, each pair at most once."""
    singles = sum((o.open for o in view.orders if o.pair is None), ZERO)
    whole = ZERO
    for name in {o.pair for o in view.orders if o.pair is not None}:
        both = [o for o in view.orders if o.pair == name]
        if any(o.open for o in both):
            whole += both[0].quantity - sum((o.filled for o in both), ZERO)
    return singles + whole


def after(view: View, actions: tuple[Action, ...]) -> View:
    """The view once every action worked: cancels are final, of both of a pair; orders rest."""
    orders = list(view.orders)
    for action in actions:
        if isinstance(action, Cancel):
            gone = next(o for o in orders if o.order_id == action.order_id)
            orders = [
                replace(o, state=OrderState.CANCELLED, open=ZERO, taken_back=action.why)
                if o is gone or (gone.pair is not None and o.pair == gone.pair)
                else o
                for o in orders
            ]
        elif isinstance(action, Place):
            orders += placed_by(action, orders, view.now)
    return replace(view, orders=tuple(orders))


def placed_by(action: Place, orders: list[Protective], now: datetime) -> list[Protective]:
    newest = [o.generation for o in orders if o.entry_id == action.entry_id]
    name = f"new-{action.entry_id}-{len(orders)}"
    order = Protective(
        order_id=name,
        entry_id=action.entry_id,
        kind=action.kind,
        generation=max(newest, default=0) + 1,
        state=OrderState.OPEN,
        open=action.quantity,
        filled=ZERO,
        limit_price=action.price,
        created_at=now,
        quantity=action.quantity,
    )
    if action.target is None:
        return [order]
    target = replace(
        order, order_id=f"{name}-target", kind=Kind.TARGET, limit_price=action.target, pair=name
    )
    return [replace(order, pair=name), target]


@given(views())
def test_what_is_placed_never_covers_more_than_is_held_and_free(view: View) -> None:
    free = max(view.held - view.leaving, ZERO)
    actions = desired(view)
    placed = sum((a.quantity for a in actions if isinstance(a, Place)), ZERO)
    if placed:
        assert covered(view) + placed <= free
    assert all(
        a.quantity > 0 and a.quantity % view.lot == 0 for a in actions if isinstance(a, Place)
    )


@given(views())
def test_each_entry_has_one_action_and_none_while_one_of_its_orders_is_on_its_way(
    view: View,
) -> None:
    actions = desired(view)
    assert [a.entry_id for a in actions] == [w.entry_id for w in view.wanted]
    busy = {o.entry_id for o in view.orders if o.state in ON_ITS_WAY}
    assert not [a for a in actions if isinstance(a, Place) and a.entry_id in busy]
    placed_by_id = {o.order_id: o for o in view.orders}
    for action in actions:
        if isinstance(action, Cancel):
            order = placed_by_id[action.order_id]
            assert order.entry_id == action.entry_id
            assert order.state in RESTING


@given(views())
def test_nothing_is_sent_that_may_not_be_sent(view: View) -> None:
    stopped = replace(view, cannot_send="stopped: HALTED")
    assert not [a for a in desired(stopped) if isinstance(a, Place)]
    assert not [a for a in desired(stopped) if isinstance(a, Cancel) and a.why is not Why.TOO_MUCH]


@given(views(), st.randoms(use_true_random=False))
def test_the_order_that_news_came_in_changes_nothing(view: View, random: Random) -> None:
    shuffled = replace(
        view,
        entries=_mixed(view.entries, random),
        exits=_mixed(view.exits, random),
        orders=_mixed(view.orders, random),
    )
    assert desired(shuffled) == desired(view)


@given(views())
def test_acting_comes_to_rest_and_resting_is_never_more_than_is_free(view: View) -> None:
    free = max(view.held - view.leaving, ZERO)
    for _ in range(30):
        actions = desired(view)
        if not any(isinstance(action, Place | Cancel) for action in actions):
            break
        view = after(view, actions)
    else:
        raise AssertionError("it never comes to rest")
    assert desired(view) == desired(view)
    stuck = any(order.state in ON_ITS_WAY for order in view.orders)
    assert stuck or covered(view) <= free


@given(views())
def test_a_pair_counts_once_and_for_no_less_than_it_may_still_close(view: View) -> None:
    assert covered(view) == sellable(view)
    assert covered(view) <= sum((order.open for order in view.orders), ZERO)


@given(views())
def test_a_pair_is_asked_for_only_of_a_broker_that_takes_pairs_and_only_with_a_target(
    view: View,
) -> None:
    targets = {wanted.entry_id: wanted.target for wanted in view.wanted}
    for action in desired(view):
        if isinstance(action, Place) and action.target is not None:
            assert view.pairs
            assert (action.kind, action.at_once) == (Kind.STOP, False)
            assert action.target == targets[action.entry_id]


def _flat(rows: list[list[Protective]]) -> list[Protective]:
    return [order for both in rows for order in both]


def _mixed(rows: tuple[T, ...], random: Random) -> tuple[T, ...]:
    mixed = list(rows)
    random.shuffle(mixed)
    return tuple(mixed)


@given(views(), st.integers(1, 60).map(Decimal))
def test_in_doubt_only_what_is_surely_too_much_is_taken_back_and_only_what_is_held_is_covered(
    view: View, doubted: Decimal
) -> None:
    unsure = replace(view, doubted=doubted)
    placed = ZERO
    for action in desired(unsure):
        if isinstance(action, Cancel):
            assert action.why is Why.TOO_MUCH
            believed = replace(view, held=view.held + doubted)
            assert action in desired(believed)
        if isinstance(action, Place):
            placed += action.quantity
    assert not placed or covering(view.orders) + placed <= view.held - view.leaving
