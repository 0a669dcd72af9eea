"""Orders without a price at a broker that takes none: they get a limit that still fills at once.

The limit is past the touch, or past the trigger, by the share that Zerodha protects market orders
with, and never past the policy's collar, the day's circuit or the slippage a person allowed.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from app.planning.inputs import PlanningInputs, impossible
from app.planning.prices import tick_of
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument, InstrumentKind
from riskgate.contracts.orders import OrderType, Side
from riskgate.contracts.plans import PlanLeg
from riskgate.contracts.snapshots import Quote

HUNDRED: Final = Decimal(100)
PERCENT_PLACES: Final = Decimal("0.01")
SENT_AS: Final = {OrderType.MARKET: OrderType.LIMIT, OrderType.SL_M: OrderType.SL}
# Zerodha's automatic market protection (2026): the share for prices below the one beside it, then
# the share for all above. It falls as the price rises, and options get more than the rest.
SHARES: Final = ((Decimal(100), Decimal("0.02")), (Decimal(500), Decimal("0.01")))
SHARE_ABOVE: Final = Decimal("0.005")
OPTION_SHARES: Final = (
    (Decimal(10), Decimal("0.05")),
    (Decimal(100), Decimal("0.03")),
    (Decimal(500), Decimal("0.02")),
)
OPTION_SHARE_ABOVE: Final = Decimal("0.01")
OPTIONS: Final = frozenset({InstrumentKind.CALL, InstrumentKind.PUT})


def sendable(inputs: PlanningInputs, asked: OrderType) -> OrderType:
    """Return the type an order is sent as at the account's broker; raises PlanImpossible."""
    taken = inputs.order_types
    if taken is None or asked in taken:
        return asked
    instead = SENT_AS.get(asked)
    if instead is None or instead not in taken:
        raise impossible(
            "ORDER_TYPE_UNAVAILABLE",
            "order_type",
            f"the account's broker takes no {asked} order",
            f"Ask for one of: {', '.join(taken) or 'none'}.",
        )
    return instead


def protection_share(kind: InstrumentKind, price: Decimal) -> Decimal:
    """Return how far past a price an order may fill, as a share of it, at most."""
    steps, above = (OPTION_SHARES, OPTION_SHARE_ABOVE) if kind in OPTIONS else (SHARES, SHARE_ABOVE)
    return next((share for below, share in steps if price < below), above)


def protect(inputs: PlanningInputs, instrument: Instrument, quote: Quote) -> Decimal:
    """Return the limit of an order that was asked for without one.

    It is on the tick, at the touch or the trigger or beyond it, and inside the collar (of the last
    price, or of the trigger, as the gate measures) and the circuit. Raises PlanImpossible where
    there is no such price, or the collar is not known.
    """
    side, trigger = inputs.intent.side, inputs.intent.trigger_price
    start = _start(inputs, instrument, quote)
    share = protection_share(instrument.kind, start)
    if inputs.intent.max_slippage_pct is not None:
        share = min(share, inputs.intent.max_slippage_pct / HUNDRED)
    anchor = quote.last if trigger is None else trigger
    collar = _collar_edge(inputs, instrument, anchor)
    _refuse_beyond(
        "PROTECTION_OUTSIDE_COLLAR", "the policy's collar", instrument, start, side, collar
    )
    circuit = quote.upper_circuit if side is Side.BUY else quote.lower_circuit
    _refuse_beyond(
        "PROTECTION_OUTSIDE_CIRCUIT", "the day's circuit", instrument, start, side, circuit
    )
    edges = [start * (1 + share * side.sign), collar, circuit]
    known = [edge for edge in edges if edge is not None]
    nearest = min(known) if side is Side.BUY else max(known)
    tick = tick_of(instrument)
    inwards = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
    limit = (nearest / tick).to_integral_value(rounding=inwards) * tick
    if (limit - start) * side.sign < 0:
        raise impossible(
            "PRICE_OFF_TICK",
            "order_type",
            f"between {decimal_text(start)}, where {instrument.ref} could be traded, and"
            f" {decimal_text(nearest)}, as far as it may be, no price is on its tick",
            "Give a limit price, or load the exchange's current master.",
        )
    return limit


def beyond_pct(leg: PlanLeg) -> Decimal:
    """Return how far a protected leg's limit is past its touch or trigger, in percent."""
    limit = leg.reference_price if leg.limit_price is None else leg.limit_price
    beyond = abs(limit - leg.reference_price) * HUNDRED / leg.reference_price
    return beyond.quantize(PERCENT_PLACES)


def _start(inputs: PlanningInputs, instrument: Instrument, quote: Quote) -> Decimal:
    """Return the trigger, or the far touch; never the last price, which nobody need be offering."""
    intent = inputs.intent
    if intent.trigger_price is not None:
        return intent.trigger_price
    name, touch = ("ask", quote.ask) if intent.side is Side.BUY else ("bid", quote.bid)
    if touch is None:
        raise impossible(
            "TOUCH_MISSING",
            "order_type",
            f"the broker takes no market order, and no {name} of {instrument.ref} is shown to make"
            " a limit order of it",
            "Give a limit price, or ask again when the market shows one.",
        )
    return touch


def _collar_edge(inputs: PlanningInputs, instrument: Instrument, anchor: Decimal) -> Decimal | None:
    collar = inputs.collar(instrument.ref)
    if collar is None:
        raise impossible(
            "COLLAR_UNKNOWN",
            "order_type",
            f"how far the policy lets an order of {instrument.ref} reach is not known, so it"
            " cannot be given a limit",
            "Give a limit price.",
        )
    if collar.share is None:
        return None
    return anchor * (1 + collar.share * inputs.intent.side.sign)


def _refuse_beyond(
    code: str, bound: str, instrument: Instrument, start: Decimal, side: Side, edge: Decimal | None
) -> None:
    if edge is None or (start - edge) * side.sign <= 0:
        return
    raise impossible(
        code,
        "order_type",
        f"{instrument.ref} could only be traded at {decimal_text(start)} or worse, beyond {bound}"
        f" of {decimal_text(edge)}",
        "Give a limit price, or ask again when the market is back inside.",
    )
