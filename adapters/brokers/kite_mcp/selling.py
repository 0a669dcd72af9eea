"""How much of a holding Kite lets go today, and what to know before selling it. Pure.

A sale that Kite will not deliver comes back as `Failed to place order` or is rejected at once, so
what its rows tell is looked at before anything is sent. Zerodha sells pledged shares and those on
their way by an ordinary CNC order, with exceptions that the rows do not show; nor do they show
whether the depository lets a sale pass (DDPI, or eDIS with a TPIN). Those are told to the person.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from adapters.brokers.kite_mcp.fields import Row, text, whole
from riskgate.contracts.base import decimal_text
from riskgate.contracts.orders import BrokerOrder, Product, Side

_ZERO: Final = Decimal(0)
# Trade-to-trade: every sale is delivered for itself, so only from what has arrived.
_DELIVERED_ONLY: Final = re.compile(r".+-(BE|BT|BZ)", re.ASCII)
NOT_AUTHORISED: Final = (
    "Kite does not tell whether a sale is authorised; without a DDPI authorise it at Kite first"
    " (CDSL TPIN), or the order is refused"
)


@dataclass(frozen=True)
class Selling:
    """What may be sold of a holding, today's sales aside; None for all. `note` is for a person."""

    quantity: Decimal | None
    note: str | None


ALL_OF_IT: Final = Selling(None, None)


def selling_of(row: Row, *, leaving: Decimal) -> Selling:
    """Return what may be sold of one holding, of which `leaving` was or is being sold today.

    Shares on their way (T1) of a trade-to-trade series may not. What Kite counts as used beyond
    `leaving` is gone, or blocked in a way that is not shown.
    """
    delivered, arriving = delivered_quantity(row), whole(row, "t1_quantity")
    pledged = whole(row, "collateral_quantity")
    used = max(whole(row, "used_quantity") - leaving, _ZERO)
    series = _DELIVERED_ONLY.fullmatch(text(row, "tradingsymbol"))
    not_yet = arriving if series else _ZERO
    said = (
        (pledged, "pledged; selling lowers the collateral, and a liquid fund is released first"),
        (used, "used or blocked at Kite already"),
        (not_yet, "not delivered yet (T1), and this series is sold from what is delivered only"),
        (arriving - not_yet, "not delivered yet (T1); if it does not arrive, it goes to auction"),
    )
    notes = [f"{decimal_text(count)} {why}" for count, why in said if count > 0]
    authorised = whole(row, "authorised_quantity") if "authorised_quantity" in row else _ZERO
    if delivered + pledged > authorised:
        notes.append(NOT_AUTHORISED)
    blocked = used + not_yet
    left = max(delivered + arriving + pledged - blocked, _ZERO)
    return Selling(left if blocked > 0 else None, f"{'; '.join(notes)}." if notes else None)


def delivered_quantity(row: Row) -> Decimal:
    """Return how much of a holding has arrived and is not pledged.

    Kite's documents count what is on its way (T1) within `quantity`, and people report accounts
    where it stands beside it. `realised_quantity`, where it is told, shows which of the two it is.
    """
    quantity, arriving = whole(row, "quantity"), whole(row, "t1_quantity")
    if "realised_quantity" in row and quantity == whole(row, "realised_quantity") + arriving:
        return quantity - arriving
    return quantity


def held_quantity(row: Row) -> Decimal:
    """Return how much of a holding is the person's, sellable today or not."""
    return delivered_quantity(row) + whole(row, "t1_quantity") + whole(row, "collateral_quantity")


def leaving_of(holding: Row, positions: Iterable[Row], orders: Sequence[BrokerOrder]) -> Decimal:
    """Return how much of a holding was sold today or stands in open orders to sell it."""
    name = (text(holding, "exchange"), text(holding, "tradingsymbol"))
    resting = (
        order.open_quantity
        for order in orders
        if order.side is Side.SELL
        and order.product is Product.CNC
        and (order.instrument.exchange.value, order.instrument.tradingsymbol) == name
    )
    sold = [
        max(-whole(row, "quantity"), _sold(row), _ZERO)
        for row in positions
        if text(row, "product") == Product.CNC
        and (text(row, "exchange"), text(row, "tradingsymbol")) == name
    ]
    return max(sold, default=_ZERO) + sum(resting, _ZERO)


def _sold(row: Row) -> Decimal:
    return whole(row, "day_sell_quantity") if "day_sell_quantity" in row else _ZERO
