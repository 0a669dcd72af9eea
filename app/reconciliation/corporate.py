"""Whether a position changed as a split, a bonus or a consolidation changes it: pure."""

from fractions import Fraction
from math import floor
from typing import Final

from riskgate.contracts.snapshots import Position

# Companies split, merge and give in small whole numbers.
LARGEST_TERM: Final = 20
# Brokers round the new average price.
TOLERANCE: Final = Fraction(5, 1000)


def corporate_ratio(mine: Position, truth: Position) -> Fraction | None:
    """Return the ratio that turned one holding into the other with the cost kept, or None.

    A fraction of a share is paid out, so a quantity may be rounded down.
    """
    held, now = abs(Fraction(mine.quantity)), abs(Fraction(truth.quantity))
    before, after = Fraction(mine.average_price), Fraction(truth.average_price)
    if mine.quantity * truth.quantity <= 0 or not before or not after or held == now:
        return None
    ratios = sorted(
        {
            Fraction(gained, given)
            for gained in range(1, LARGEST_TERM + 1)
            for given in range(1, LARGEST_TERM + 1)
        }
    )
    return next((r for r in ratios if _fits(r, held, now, before, after)), None)


def _fits(
    ratio: Fraction, held: Fraction, now: Fraction, before: Fraction, after: Fraction
) -> bool:
    price_is_inverse = abs(after * ratio - before) <= before * TOLERANCE
    return ratio != 1 and price_is_inverse and now in {held * ratio, Fraction(floor(held * ratio))}
