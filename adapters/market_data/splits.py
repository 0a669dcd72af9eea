"""Overnight jumps that look like a share split rather than a price."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final

from riskgate.contracts.bars import Bar
from riskgate.contracts.base import Contract, Positive, Price, UtcTime
from riskgate.contracts.instruments import InstrumentRef

TOLERANCE: Final = Decimal("0.06")
_UNEVEN: Final = ((3, 2), (5, 2))


class SplitNotice(Contract):
    """One overnight jump near `new_shares` for `old_shares`.

    A suspicion, not a finding: a crash to half the price looks the same, so the bar is not traded
    until a person has said which it was.
    """

    instrument: InstrumentRef
    opened_at: UtcTime
    previous_close: Price
    open: Price
    ratio: Positive
    new_shares: int
    old_shares: int

    @property
    def message(self) -> str:
        """What was seen, for a person to decide on."""
        return (
            f"{self.instrument} {self.opened_at:%Y-%m-%d}: close {self.previous_close} then open "
            f"{self.open} looks like a {self.new_shares}:{self.old_shares} split; "
            "not traded until confirmed"
        )


def mark_splits(bars: Sequence[Bar]) -> tuple[tuple[Bar, ...], tuple[SplitNotice, ...]]:
    """Mark each bar that opens a whole or simple multiple away from the close before it.

    Returns all the bars, the suspected ones marked, and one notice for each newly marked bar.
    """
    notices = [
        notice
        for before, bar in pairwise(bars)
        if (notice := split_notice(before, bar)) is not None
    ]
    days = {notice.opened_at for notice in notices}
    marked = tuple(
        bar.model_copy(update={"split_suspected": True}) if bar.opened_at in days else bar
        for bar in bars
    )
    return marked, tuple(notices)


def split_notice(before: Bar, bar: Bar) -> SplitNotice | None:
    """Return the split that the step from one bar to the next looks like, or None."""
    ratio = before.close / bar.open
    shares = _like_split(ratio) or _inverse(_like_split(1 / ratio))
    if shares is None:
        return None
    return SplitNotice(
        instrument=bar.instrument,
        opened_at=bar.opened_at,
        previous_close=before.close,
        open=bar.open,
        ratio=ratio.quantize(Decimal("0.0001"), ROUND_HALF_UP) or Decimal("0.0001"),
        new_shares=shares[0],
        old_shares=shares[1],
    )


def _like_split(ratio: Decimal) -> tuple[int, int] | None:
    whole = int(ratio.to_integral_value(rounding=ROUND_HALF_UP))
    candidates = (*_UNEVEN, (whole, 1)) if whole >= 2 else _UNEVEN
    near = [pair for pair in candidates if _distance(ratio, pair) <= TOLERANCE]
    return min(near, key=lambda pair: _distance(ratio, pair), default=None)


def _distance(ratio: Decimal, pair: tuple[int, int]) -> Decimal:
    new, old = pair
    return abs(ratio * old / new - 1)


def _inverse(pair: tuple[int, int] | None) -> tuple[int, int] | None:
    return None if pair is None else (pair[1], pair[0])
