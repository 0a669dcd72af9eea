"""Where a resting limit order stands at its own price, and when its turn comes. Pure.

A display tells no trades, only quantities, so the worst is assumed: what disappears from the
order's level was behind it unless the whole level is smaller than what stood in front, and what
the other side shows at the order's price is traded with those in front first.
"""

from decimal import Decimal
from typing import Final

from adapters.brokers.paper.matching import Fill
from adapters.brokers.paper.state import PaperOrder, QueuePlace
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, Side
from riskgate.contracts.snapshots import DepthLevel, Quote

_NONE: Final = Decimal(0)


def rests(order: BrokerOrder) -> bool:
    """Say whether the order is in the queue of a price: an open, triggered one with a limit."""
    return order.status is BrokerOrderStatus.OPEN and order.limit_price is not None


def join(row: PaperOrder, quote: Quote | None) -> PaperOrder:
    """Return an order that has met the book, standing behind what is displayed at its price."""
    if row.place is not None or row.order.open_quantity == 0 or not rests(row.order):
        return row
    ahead = None if quote is None else _displayed(row.order, quote)
    return row.model_copy(update={"place": QueuePlace(ahead=ahead)})


def move_up(row: PaperOrder, quote: Quote) -> PaperOrder:
    """Return a resting order after a display: its turn is nearer, never further away.

    Looking at the same display again changes nothing.
    """
    place, limit = row.place, row.order.limit_price
    if place is None or limit is None or place.served_at == quote.market_time:
        return row
    touch = quote.ask if row.order.side is Side.BUY else quote.bid
    if touch is None or _beyond(row.order.side, touch, limit):
        moved = place.model_copy(
            update={"ahead": _fewer(place.ahead, _displayed(row.order, quote))}
        )
    elif touch == limit:
        moved = _serve(place, row.order, quote)
    else:
        # The price traded through ours: nobody is in front any more.
        moved = QueuePlace(ahead=_NONE)
    return row if moved == place else row.model_copy(update={"place": moved})


def served_first(row: PaperOrder, quote: Quote) -> Fill | None:
    """Return what of this display goes to those in front of the order, at its own price."""
    place, limit = row.place, row.order.limit_price
    if place is None or limit is None or place.served_at != quote.market_time:
        return None
    return Fill(limit, place.served)


def _serve(place: QueuePlace, order: BrokerOrder, quote: Quote) -> QueuePlace:
    shown = _at(quote.asks if order.side is Side.BUY else quote.bids, order.limit_price)
    if place.ahead is None:
        # How many are in front is not known yet; what is left there after this display is.
        return QueuePlace(ahead=_displayed(order, quote), served=shown, served_at=quote.market_time)
    served = min(place.ahead, shown)
    if served == 0:
        return place
    return QueuePlace(ahead=place.ahead - served, served=served, served_at=quote.market_time)


def _displayed(order: BrokerOrder, quote: Quote) -> Decimal | None:
    own = quote.bids if order.side is Side.BUY else quote.asks
    quantity = _at(own, order.limit_price)
    if quantity > 0 or order.limit_price is None:
        return quantity
    # Behind the last displayed level, nothing is known of the price.
    within = any(_beyond(order.side, order.limit_price, level.price) for level in own)
    return _NONE if within or _is_best(order, quote) else None


def _is_best(order: BrokerOrder, quote: Quote) -> bool:
    touch = quote.bid if order.side is Side.BUY else quote.ask
    return touch is None or order.limit_price is None or touch == order.limit_price


def _beyond(side: Side, price: Decimal, limit: Decimal) -> bool:
    return price > limit if side is Side.BUY else price < limit


def _at(levels: tuple[DepthLevel, ...], price: Decimal | None) -> Decimal:
    return next((level.quantity for level in levels if level.price == price), _NONE)


def _fewer(before: Decimal | None, shown: Decimal | None) -> Decimal | None:
    known = [ahead for ahead in (before, shown) if ahead is not None]
    return min(known, default=None)
