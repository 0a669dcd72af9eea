"""Whether a position is gone that the broker does not show and no order of ours closed.

One answer may come before the fill it should show, or from a broker that answers badly: acting on
it would take a stop away from what is held. Two answers that agree are believed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.protection.desired import View, closed_by
from app.protection.shares import Entry, Exit, shares
from riskgate.contracts.snapshots import BrokerSnapshot

ZERO: Final = Decimal(0)
# Two answers so far from each other are two answers, not one told twice.
APART: Final = timedelta(seconds=5)
# An answer so old says nothing about what was shown since.
LAPSE: Final = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What answers in a row showed as held: the first of them and the last."""

    held: Decimal
    first: datetime
    last: datetime


def owed(
    entries: Sequence[Entry],
    exits: Sequence[Exit],
    closed: Mapping[str, Decimal],
    wanted: Sequence[str],
) -> Decimal:
    """Return what must be held of the wanted entries if nobody but us closed any."""
    bought = sum((entry.filled for entry in entries), ZERO)
    return sum(shares(entries, exits, closed, wanted, bought).values(), ZERO)


def short_of(view: View) -> Decimal:
    """Return how much the broker shows less than our own fills and exits leave of the entries."""
    wanted = [each.entry_id for each in view.wanted]
    left = owed(view.entries, view.exits, closed_by(view.orders), wanted)
    return max(left - view.held, ZERO)


def returned(
    entries: Sequence[Entry],
    exits: Sequence[Exit],
    closed: Mapping[str, Decimal],
    gone: Iterable[str],
    held: Decimal,
) -> tuple[str, ...]:
    """Return which of the entries taken to be gone are part of what is held, the newest first in.

    `held` is what both the broker and our ledger show.
    """
    parts = shares(entries, exits, closed, [entry.order_id for entry in entries], held)
    return tuple(entry_id for entry_id in gone if parts.get(entry_id, ZERO) > 0)


def proves_absence(snapshot: BrokerSnapshot) -> bool:
    """Say whether an answer can show that something is not held; one of nothing at all cannot."""
    rows = snapshot.positions or snapshot.holdings or snapshot.orders
    return bool(rows) or snapshot.margins is not None


def go_on(before: Look | None, held: Decimal, at: datetime) -> Look:
    """Return the answers in a row with one more; another quantity begins anew."""
    if before is None or before.held != held or at > before.last + LAPSE:
        return Look(held=held, first=at, last=at)
    return Look(held=held, first=before.first, last=max(at, before.last))


def agreed(look: Look) -> bool:
    """Say whether the answers are of two times."""
    return look.last >= look.first + APART


class Looks:
    """The answers in a row that came short, of each line; known to one process."""

    def __init__(self) -> None:
        self._short: dict[tuple[str, ...], Look] = {}

    def doubted(
        self, key: tuple[str, ...], view: View, snapshot: BrokerSnapshot, *, settled: bool
    ) -> Decimal:
        """Return how much of what the broker does not show may be held all the same.

        `settled` says that no entry of the line filled so lately that the broker may not show it.
        """
        short = short_of(view)
        if not short or not settled or not proves_absence(snapshot):
            self._short.pop(key, None)
            return short
        look = go_on(self._short.get(key), view.held, snapshot.as_of)
        self._short[key] = look
        return ZERO if agreed(look) else short
