"""The prices of orders that must fill: pure."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from riskgate.contracts.instruments import Instrument
from riskgate.contracts.orders import Side
from riskgate.contracts.snapshots import Quote

# How much worse than its trigger, or than the market, an exit may fill, where the policy's collar
# on prices does not say less.
BAND: Final = Decimal("0.01")


def worse(
    price: Decimal,
    side: Side,
    instrument: Instrument,
    *,
    collar: Decimal | None,
    quote: Quote | None = None,
) -> Decimal | None:
    """Return a limit that an order of a side may fill down (or up) to; None without a tick.

    It is on the tick, inside the collar, and inside the day's circuit band where that is known.
    """
    tick = instrument.tick_size
    if tick is None:
        return None
    band = BAND if collar is None else min(BAND, collar)
    edge = price * (1 + band * side.sign)
    if quote is not None and side is Side.SELL and quote.lower_circuit is not None:
        edge = max(edge, min(quote.lower_circuit, price))
    if quote is not None and side is Side.BUY and quote.upper_circuit is not None:
        edge = min(edge, max(quote.upper_circuit, price))
    rounding = ROUND_CEILING if side is Side.SELL else ROUND_FLOOR
    limit = (edge / tick).to_integral_value(rounding=rounding) * tick
    return limit if limit > 0 else tick
