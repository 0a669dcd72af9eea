"""Orders that guard what is held: taking one off leaves a position without its stop."""

from collections.abc import Sequence

from agents.intent.model import HeldPosition, OpenOrder, ParseContext, ParsedMessage
from riskgate.contracts.orders import Side


def chosen_orders(context: ParseContext, parsed: ParsedMessage) -> Sequence[str]:
    """Return the ids of the open orders that a message names, never one it does not."""
    if parsed.alerts:
        return ()
    pending = [
        order for order in context.open_orders if order.waits_for_trigger or not parsed.stops_only
    ]
    if parsed.order_ids:
        return parsed.order_ids
    if parsed.cancel_all:
        return [order.order_id for order in pending]
    return [
        order.order_id
        for order in pending
        if order.instrument in parsed.symbols and parsed.side in (None, order.side)
    ]


def guards_among(context: ParseContext, order_ids: Sequence[str]) -> tuple[OpenOrder, ...]:
    """Return those of the orders that wait for a trigger to leave what is held.

    A sell that waits counts where nothing is known to be held, too: it may guard a holding that
    is only in the broker's book.
    """
    meant = [order for order in context.open_orders if order.order_id in order_ids]
    return tuple(
        order for order in meant if order.waits_for_trigger and _may_guard(order, context.positions)
    )


def guard_question(guards: Sequence[OpenOrder]) -> str:
    """Ask whether positions are to be left without their stops."""
    names = ", ".join(dict.fromkeys(str(order.instrument) for order in guards))
    return (
        f"That takes the stop off {names}: from then on nothing guards the position, and the stop"
        " is not put back in this session. Say 'yes' to cancel all the same, or 'never mind'."
    )


def _may_guard(order: OpenOrder, positions: Sequence[HeldPosition]) -> bool:
    held = sum(row.quantity for row in positions if row.instrument == order.instrument)
    return held > 0 or not held if order.side is Side.SELL else held < 0
