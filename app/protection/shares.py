"""How much of what is held belongs to which entry: pure, whatever order news came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

ZERO: Final = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What an order of ours bought or sold, protected or not."""

    order_id: str
    filled: Decimal
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Exit:
    """What an order of ours on the other side, no protective one, closed."""

    order_id: str
    filled: Decimal
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Resting:
    """An order that may still close: `pair` names the two of which only one may fill."""

    pair: str | None
    quantity: Decimal
    open: Decimal
    filled: Decimal


def open_once(orders: Sequence[Resting]) -> Decimal:
    """Return how much the orders may still close together, a pair counted once.

    What one of a pair filled is off the other, whether or not the broker's news says so yet.
    """
    total = sum((order.open for order in orders if order.pair is None), ZERO)
    for pair in {order.pair for order in orders} - {None}:
        both = [order for order in orders if order.pair == pair]
        left = both[0].quantity - sum((order.filled for order in both), ZERO)
        total += max(min(left, max(order.open for order in both)), ZERO)
    return total


def shares(
    entries: Sequence[Entry],
    exits: Sequence[Exit],
    closed: Mapping[str, Decimal],
    wanted: Sequence[str],
    held: Decimal,
) -> dict[str, Decimal]:
    """Return how much of `held` belongs to each wanted entry; never more than `held` together.

    `closed` is what protective orders of each entry filled. An exit leaves the oldest entries
    that were there when it was made; where less is held than is left of the wanted entries,
    somebody else closed some, and again the oldest are taken to have gone.
    """
    in_order = sorted(entries, key=lambda entry: (entry.created_at, entry.order_id))
    left = {e.order_id: max(e.filled - closed.get(e.order_id, ZERO), ZERO) for e in in_order}
    for leaving in sorted(exits, key=lambda each: (each.created_at, each.order_id)):
        to_close = leaving.filled
        for entry in in_order:
            if entry.created_at > leaving.created_at:
                break
            part = min(left[entry.order_id], to_close)
            left[entry.order_id] -= part
            to_close -= part
    found = dict.fromkeys(wanted, ZERO)
    for entry in reversed(in_order):
        if entry.order_id in found:
            found[entry.order_id] = min(left[entry.order_id], held)
            held -= found[entry.order_id]
    return found
