"""What an account's day realised, by instrument and product: pure arithmetic over closings."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from app.ledger.live_day import Closing
from riskgate.contracts.insights import Realised
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import Product

ZERO = Decimal(0)
PLACES = Decimal("0.0001")


def realised_since(closings: Iterable[Closing], since: datetime) -> tuple[Realised, ...]:
    """Sum what was closed since a moment; one part that is not known makes its sum unknown."""
    lines: dict[tuple[InstrumentRef, Product], list[Closing]] = {}
    for each in closings:
        if each.at >= since:
            lines.setdefault((each.instrument, each.product), []).append(each)
    return tuple(
        Realised(
            instrument=instrument,
            product=product,
            quantity=sum((each.quantity for each in found), ZERO),
            gain=total(each.gain for each in found),
            trade_ids=tuple(each.trade_id for each in found if each.trade_id is not None),
        )
        for (instrument, product), found in lines.items()
    )


def total(gains: Iterable[Decimal | None]) -> Decimal | None:
    """Sum gains; None where one is not known."""
    whole = ZERO
    for gain in gains:
        if gain is None:
            return None
        whole += gain
    return whole.quantize(PLACES)
