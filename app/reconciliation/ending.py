"""What an order of an earlier session had filled when it ended unseen: pure."""

from dataclasses import dataclass
from decimal import Decimal

from app.errors import Conflict
from app.ledger.live_day import RULED
from app.persistence.orders import OrderRecord
from app.reconciliation.adopting import refuse_in_flight
from app.reconciliation.diff import totals
from app.reconciliation.look import Look
from riskgate.contracts.orders import BrokerTrade
from riskgate.contracts.snapshots import Position


class EndingUnpriced(Conflict):
    """The positions show that an order filled, and nothing says at what price."""

    code = "ENDING_UNPRICED"
    remedy = "Wait until the broker shows the position's average price, and rule again."


@dataclass(frozen=True, kw_only=True)
class Ending:
    """The fills still to be booked of an order; how much of them only positions show."""

    trades: tuple[BrokerTrade, ...]
    of_positions: Decimal


def ending(order: OrderRecord, look: Look) -> Ending:
    """Return what an order filled that the ledger has not: its listed trades, else by positions.

    What positions hold beyond every listed trade is the order's where it lies in its direction and
    is no more than it had open; otherwise it is left to the difference of the position. Raises
    AdoptWaits while another order of ours may have moved the same position.
    """
    terms = order.intent
    key = (terms.instrument, terms.product)
    refuse_in_flight(*key, look, but=order)
    here = [t for t in look.known.unbooked if (t.instrument, t.product) == key]
    own = [t for t in here if t.broker_order_id == order.broker_order_id]
    left = order.open_quantity - sum((t.quantity for t in own), Decimal(0))
    mine = totals(look.ledger.expected_positions).get(key, Decimal(0))
    truth = totals((*look.snapshot.positions, *look.snapshot.holdings)).get(key, Decimal(0))
    listed = sum((t.side.sign * t.quantity for t in here), Decimal(0))
    beyond = (truth - mine - listed) * terms.side.sign
    if not 0 < beyond <= left:
        return Ending(trades=tuple(own), of_positions=Decimal(0))
    return Ending(trades=(*own, _ruled(order, beyond, look)), of_positions=beyond)


def _ruled(order: OrderRecord, quantity: Decimal, look: Look) -> BrokerTrade:
    """Make the fill that the positions show, at the price of the order or of the position."""
    terms = order.intent
    held = [
        item
        for item in (*look.snapshot.positions, *look.snapshot.holdings)
        if (item.instrument, item.product) == (terms.instrument, terms.product)
    ]
    return BrokerTrade(
        trade_id=f"{RULED}{terms.order_id}",
        broker_order_id=order.broker_order_id or terms.order_id,
        instrument=terms.instrument,
        side=terms.side,
        product=terms.product,
        quantity=quantity,
        price=_price(order, held, look),
        traded_at=order.updated_at,
    )


def _price(order: OrderRecord, held: list[Position], look: Look) -> Decimal:
    """Return the broker's average where it held nothing before, else what the order asked."""
    terms = order.intent
    shown = [item.average_price for item in held if item.average_price > 0]
    ours = [
        item.average_price
        for item in look.ledger.expected_positions
        if (item.instrument, item.product) == (terms.instrument, terms.product)
        and item.average_price > 0
    ]
    if shown and not ours:
        return shown[0]
    stated = terms.limit_price or terms.trigger_price or order.average_price
    known = stated or next(iter((*shown, *ours)), None)
    if known is None:
        raise EndingUnpriced(f"no price is known of what order {terms.order_id} filled")
    return known
