"""Pairs of a stop and a target in flight: one of the two may fill, so one of them counts."""

from collections.abc import Iterable

from app.persistence.protections import PairTags
from riskgate.contracts.snapshots import BrokerSnapshot


def second_halves(pairs: Iterable[PairTags], snapshot: BrokerSnapshot) -> frozenset[str]:
    """Return the tags of the targets that the gate leaves out, their stops being counted.

    A target whose stop the book shows as over is counted itself. A stop that the book does not
    show counts as reserved.
    """
    shown = {order.tag: order.open_quantity for order in snapshot.orders}
    return frozenset(pair.target for pair in pairs if shown.get(pair.stop, 1))
