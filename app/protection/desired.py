"""What must be done now so that a position is protected, and never more than that: pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias

from app.protection.shares import Entry, Exit, Resting, open_once, shares
from riskgate.contracts.orders import OrderState, Side

ZERO: Final = Decimal(0)
# How long the exit at a target may rest before the stop is put back in its place.
TARGET_WAIT: Final = timedelta(seconds=30)
# After an exit at the target that did not fill, how long the stop rests before the next try.
TARGET_AGAIN: Final = timedelta(minutes=5)
REFUSED_WAIT: Final = timedelta(seconds=30)
REFUSED_WAIT_MAX: Final = timedelta(minutes=15)

# What is on its way, and cannot be acted on before it is known what became of it.
ON_ITS_WAY: Final = frozenset(
    {OrderState.PLANNED, OrderState.SENDING, OrderState.ACKED, OrderState.UNKNOWN}
)
DOUBT: Final = "the broker does not show all that our orders leave; it is looked at again"
FAILED: Final = frozenset({OrderState.REJECTED, OrderState.NOT_SENT, OrderState.EXPIRED})


class Kind(StrEnum):
    """What a protective order is for."""

    STOP = "STOP"
    TARGET = "TARGET"


class Why(StrEnum):
    """Why a protective order of ours is taken back; FORGOTTEN: the book shows it no more."""

    TOO_MUCH = "TOO_MUCH"
    TARGET_REACHED = "TARGET_REACHED"
    TARGET_NOT_FILLED = "TARGET_NOT_FILLED"
    LEFT_BEHIND = "LEFT_BEHIND"
    EXIT_ASKED = "EXIT_ASKED"
    PANIC = "PANIC"
    PAIR_BROKEN = "PAIR_BROKEN"
    FORGOTTEN = "FORGOTTEN"


class Trouble(StrEnum):
    """What leaves a position unprotected and needs a person; also the code it is shown by."""

    STOP_CANCELLED = "STOP_CANCELLED"
    PROTECTION_REFUSED = "PROTECTION_REFUSED"
    PROTECTION_DENIED = "PROTECTION_DENIED"
    PROTECTION_STOPPED = "PROTECTION_STOPPED"


@dataclass(frozen=True, kw_only=True)
class Protective:
    """A stop or exit order that was made for an entry. `taken_back` is why we cancelled it.

    `pair` names, for both alike, a stop and a target of one `quantity` that rest together.
    """

    order_id: str
    entry_id: str
    kind: Kind
    generation: int
    state: OrderState
    open: Decimal
    filled: Decimal
    limit_price: Decimal | None
    created_at: datetime
    of_this_session: bool = True
    taken_back: Why | None = None
    pair: str | None = None
    quantity: Decimal = ZERO


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Stop and target of one entry. Nothing is placed for it before `not_before`."""

    entry_id: str
    stop: Decimal | None
    target: Decimal | None
    not_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class View:
    """One instrument in one product, seen at one time.

    `side` is the side of the entries. `held` is what the broker holds on that side and `leaving`
    what other orders may still close of it. `may_send` is None, or why nothing can be sent now.
    `stop_rests` says that the broker takes stop orders; otherwise the stop is held by us. `pairs`
    says that it takes a stop and a target as a pair. `lot` is the smallest quantity that can be
    sent. `doubted` is what the broker does not show though our own fills leave it, and may hold
    all the same: nothing is taken back for its sake, and nothing is placed for it.
    """

    side: Side
    entries: tuple[Entry, ...]
    exits: tuple[Exit, ...]
    wanted: tuple[Wanted, ...]
    orders: tuple[Protective, ...]
    held: Decimal
    leaving: Decimal
    last: Decimal | None
    now: datetime
    cannot_send: str | None = None
    stop_rests: bool = True
    pairs: bool = False
    lot: Decimal = Decimal(1)
    doubted: Decimal = ZERO


@dataclass(frozen=True, kw_only=True)
class Place:
    """Send a protective order. One `at_once` is a limit exit at the market, not a resting stop.

    A stop with a `target` is to rest together with an order there, where that can be.
    """

    entry_id: str
    kind: Kind
    quantity: Decimal
    price: Decimal
    at_once: bool = False
    target: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """Take a protective order back, and with it the other order of its pair."""

    entry_id: str
    order_id: str
    why: Why


@dataclass(frozen=True, kw_only=True)
class Raise:
    """Tell a person that something is not protected."""

    entry_id: str
    trouble: Trouble
    message: str


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """Leave an entry as it is, and why, where it is not fully protected."""

    entry_id: str
    why: str = ""


Action: TypeAlias = Place | Cancel | Raise | Nothing


def desired(view: View) -> tuple[Action, ...]:
    """Return one action for each wanted entry.

    INVARIANT: what is open of protective orders, with what is placed here, is never more than
    what is held and not being closed by other orders, so that a stop never opens the other side.
    """
    free = max(view.held - view.leaving, ZERO)
    parts = _parts(view, free)
    most = _parts(view, max(view.held + view.doubted - view.leaving, ZERO))
    covered = covering(view.orders)
    actions: list[Action] = []
    for wanted in view.wanted:
        room = max(free - covered, ZERO)
        entry_id = wanted.entry_id
        action = _for_entry(view, wanted, parts[entry_id], most[entry_id], room)
        if isinstance(action, Place):
            covered += action.quantity
        actions.append(action)
    return tuple(actions)


def covering(orders: Sequence[Protective]) -> Decimal:
    """Return how much protective orders may still close, a pair counted once."""
    return open_once(
        [
            Resting(pair=each.pair, quantity=each.quantity, open=each.open, filled=each.filled)
            for each in orders
        ]
    )


def is_over(view: View, wanted: Wanted) -> bool:
    """Say whether nothing is left to protect of an entry and nothing of its protection rests."""
    own = _own(view, wanted)
    left = shares(
        view.entries,
        view.exits,
        closed_by(view.orders),
        [wanted.entry_id],
        max(view.held + view.doubted, ZERO),
    )
    return not any(order.open for order in own) and left[wanted.entry_id] == 0


def reached(price: Decimal, last: Decimal, side: Side, *, kind: Kind) -> bool:
    """Say whether the last price has come to the stop or the target of a position."""
    up = (side is Side.BUY) == (kind is Kind.TARGET)
    return last >= price if up else last <= price


def _parts(view: View, held: Decimal) -> dict[str, Decimal]:
    wanted = [each.entry_id for each in view.wanted]
    return shares(view.entries, view.exits, closed_by(view.orders), wanted, held)


def _for_entry(view: View, wanted: Wanted, want: Decimal, most: Decimal, room: Decimal) -> Action:
    """Act on `want`, what is surely held of an entry; only what is above `most` is too much."""
    own = _own(view, wanted)
    covered = covering(own)
    if covered > most:
        return _take_back_too_much(wanted, own)
    if any(order.state in ON_ITS_WAY for order in own):
        return Nothing(entry_id=wanted.entry_id, why="a protective order is on its way")
    if view.doubted:
        action = _keep_stop(view, wanted, own, want - covered, room)
        idle = isinstance(action, Nothing) and not action.why
        return Nothing(entry_id=wanted.entry_id, why=DOUBT) if idle else action
    return (
        _follow_market(view, wanted, own)
        or _mend_pair(view, wanted, own)
        or _take_target(view, wanted, own, want, room)
        or _keep_stop(view, wanted, own, want - covered, room)
    )


def _take_back_too_much(wanted: Wanted, own: Sequence[Protective]) -> Action:
    for order in sorted(own, key=lambda each: -each.generation):
        if order.open and order.state not in ON_ITS_WAY:
            return Cancel(entry_id=wanted.entry_id, order_id=order.order_id, why=Why.TOO_MUCH)
    return Nothing(entry_id=wanted.entry_id, why="a protective order is on its way")


def _follow_market(view: View, wanted: Wanted, own: Sequence[Protective]) -> Action | None:
    """Take back an exit that the market has left behind, where another can be sent."""
    if view.cannot_send is not None or _waits(view, wanted, own) is not None:
        return None
    for order in own:
        if not order.open:
            continue
        too_long = wanted.stop is not None and view.now >= order.created_at + TARGET_WAIT
        if order.kind is Kind.TARGET and order.pair is None and too_long:
            why = Why.TARGET_NOT_FILLED
        elif order.kind is Kind.STOP and _left_behind(view, order):
            why = Why.LEFT_BEHIND
        else:
            continue
        return Cancel(entry_id=wanted.entry_id, order_id=order.order_id, why=why)
    return None


def _left_behind(view: View, order: Protective) -> bool:
    if order.limit_price is None or view.last is None:
        return False
    return (view.last - order.limit_price) * view.side.sign < 0


def _mend_pair(view: View, wanted: Wanted, own: Sequence[Protective]) -> Action | None:
    """Take back a target whose stop is gone, so that both can rest again."""
    for target in own:
        if target.pair is None or target.kind is not Kind.TARGET or not target.open:
            continue
        both = [order for order in own if order.pair == target.pair]
        if any(order.open and order.kind is Kind.STOP for order in both) or not covering(both):
            continue
        held_up = _trouble(view, wanted, own)
        return held_up or Cancel(
            entry_id=wanted.entry_id, order_id=target.order_id, why=Why.PAIR_BROKEN
        )
    return None


def _take_target(
    view: View, wanted: Wanted, own: Sequence[Protective], want: Decimal, room: Decimal
) -> Action | None:
    resting = [order for order in own if order.open]
    targets = [order for order in resting if order.kind is Kind.TARGET]
    if any(order.pair is not None for order in targets):
        return None
    if targets:
        return Nothing(entry_id=wanted.entry_id)
    if not _target_due(view, wanted, own) or want < view.lot:
        return None
    if resting:
        return Cancel(
            entry_id=wanted.entry_id, order_id=resting[0].order_id, why=Why.TARGET_REACHED
        )
    quantity = min(want, room) // view.lot * view.lot
    if not quantity or wanted.target is None:
        return None
    return Place(entry_id=wanted.entry_id, kind=Kind.TARGET, quantity=quantity, price=wanted.target)


def _target_due(view: View, wanted: Wanted, own: Sequence[Protective]) -> bool:
    if wanted.target is None or view.last is None or view.cannot_send is not None:
        return False
    if not reached(wanted.target, view.last, view.side, kind=Kind.TARGET):
        return False
    tried = [o.created_at for o in own if o.kind is Kind.TARGET and o.pair is None]
    if tried and view.now < max(tried) + TARGET_WAIT + TARGET_AGAIN:
        return False
    return _waits(view, wanted, own) is None


def _keep_stop(
    view: View, wanted: Wanted, own: Sequence[Protective], missing: Decimal, room: Decimal
) -> Action:
    quantity = min(missing, room) // view.lot * view.lot
    if wanted.stop is None or quantity <= 0:
        return Nothing(entry_id=wanted.entry_id)
    trouble = _trouble(view, wanted, own)
    if trouble is not None:
        return trouble
    if view.last is not None and reached(wanted.stop, view.last, view.side, kind=Kind.STOP):
        return Place(
            entry_id=wanted.entry_id,
            kind=Kind.STOP,
            quantity=quantity,
            price=view.last,
            at_once=True,
        )
    if not view.stop_rests:
        return Nothing(entry_id=wanted.entry_id)
    return Place(
        entry_id=wanted.entry_id,
        kind=Kind.STOP,
        quantity=quantity,
        price=wanted.stop,
        target=wanted.target if view.pairs and not _pair_refused(own) else None,
    )


def _pair_refused(own: Sequence[Protective]) -> bool:
    """Say whether the broker refused a pair in this session; a stop alone is better than none."""
    return any(o.pair and o.of_this_session and o.state is OrderState.REJECTED for o in own)


def _trouble(view: View, wanted: Wanted, own: Sequence[Protective]) -> Action | None:
    """Say why a missing stop is not placed now, and whether a person must know."""
    if view.cannot_send is not None:
        return Nothing(entry_id=wanted.entry_id, why=view.cannot_send)
    if _taken_by_others(own):
        return Raise(
            entry_id=wanted.entry_id,
            trouble=Trouble.STOP_CANCELLED,
            message="its stop was cancelled on request or by the broker; it is not put back today",
        )
    waits = _waits(view, wanted, own)
    if waits is None:
        return None
    if wanted.not_before is not None and waits == wanted.not_before:
        return Nothing(entry_id=wanted.entry_id, why="the next try waits a little")
    return Raise(
        entry_id=wanted.entry_id,
        trouble=Trouble.PROTECTION_REFUSED,
        message="its protective order failed at the broker; it is tried again later",
    )


def _taken_by_others(own: Sequence[Protective]) -> bool:
    """Say whether the newest stop of this session was cancelled and not by us."""
    stops = [o for o in own if o.kind is Kind.STOP and o.of_this_session]
    newest = max(stops, key=lambda order: order.generation, default=None)
    if newest is None or newest.state is not OrderState.CANCELLED or newest.taken_back is not None:
        return False
    both = [order for order in own if newest.pair is not None and order.pair == newest.pair]
    by_its_target = sum((order.filled for order in both), ZERO) >= newest.quantity
    return not (both and by_its_target)


def _waits(view: View, wanted: Wanted, own: Sequence[Protective]) -> datetime | None:
    """Return the time that nothing is placed before, None when it is over."""
    times = [] if wanted.not_before is None else [wanted.not_before]
    failures = list(_failed_in_a_row(own))
    if failures:
        wait = min(REFUSED_WAIT * 2 ** min(len(failures) - 1, 10), REFUSED_WAIT_MAX)
        times.append(failures[0].created_at + wait)
    latest = max(times, default=None)
    return latest if latest is not None and view.now < latest else None


def _failed_in_a_row(own: Sequence[Protective]) -> Iterator[Protective]:
    """Yield the newest orders of the entry as long as they failed without a fill.

    A pair fails as one.
    """
    counted = [order for order in own if order.pair is None or order.kind is Kind.STOP]
    for order in sorted(counted, key=lambda each: -each.generation):
        if order.state not in FAILED or order.filled:
            return
        yield order


def _own(view: View, wanted: Wanted) -> list[Protective]:
    own = [order for order in view.orders if order.entry_id == wanted.entry_id]
    return sorted(own, key=lambda order: (order.generation, order.order_id))


def closed_by(orders: Sequence[Protective]) -> dict[str, Decimal]:
    """Return what protective orders filled, by the entry they were made for."""
    closed: dict[str, Decimal] = {}
    for order in orders:
        closed[order.entry_id] = closed.get(order.entry_id, ZERO) + order.filled
    return closed
