"""The notes of a plan: what its card says in words."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from app.planning.delivery import sale_notes
from app.planning.inputs import PlanningInputs
from app.planning.market_protection import beyond_pct
from riskgate.contracts.base import decimal_text
from riskgate.contracts.orders import OrderType, Product, Side, Validity
from riskgate.contracts.plans import OrderSkeleton, PlanLeg
from riskgate.contracts.snapshots import QuoteSource

CENT: Final = Decimal("0.01")
# Only what a card promised in these words is protected, so that no stop surprises anybody.
STOP_NOTE: Final = (
    "Stop: placed at the broker for what fills, as a stop-limit order of the day; it ends with the"
    " session and is placed again in the next one."
)
TARGET_NOTE: Final = (
    "Target: held by SigmaTrader, not by the broker; it works only while the server runs."
)
# The two lines above in one, where the account's broker takes a stop and a target as a pair.
PAIR_NOTE: Final = (
    "Stop and target: placed at the broker for what fills, as a pair of day orders; one cancels the"
    " other. They end with the session and are placed again in the next one. Where the broker does"
    " not take the pair, the stop rests alone and the target is held by SigmaTrader, which works"
    " only while the server runs."
)
PROTECTING: Final = (STOP_NOTE, TARGET_NOTE, PAIR_NOTE)


def notes_of(
    inputs: PlanningInputs, legs: tuple[PlanLeg, ...], skeleton: OrderSkeleton
) -> tuple[str, ...]:
    """Return what the person must know of the plan besides its figures."""
    notes: list[str] = []
    sources = {quote.source for quote in inputs.quotes}
    if QuoteSource.SIMULATED in sources:
        notes.append("Prices are simulated, not a live market.")
    if QuoteSource.REPLAY in sources:
        notes.append("Prices are replayed history, not a live market.")
    notes.extend(_sent_otherwise(inputs, legs, skeleton))
    notes.extend(_protection_notes(inputs, legs))
    if any(len(leg.slices) > 1 for leg in legs):
        notes.append("The quantity is above the exchange's freeze limit and is sent in slices.")
    notes.extend(_resting(inputs, legs))
    for leg in legs:
        notes.extend(sale_notes(inputs, leg.instrument))
    if inputs.intent.product is Product.MIS:
        notes.append("MIS is intraday: the broker may square it off before the close.")
    return tuple(notes)


def _sent_otherwise(
    inputs: PlanningInputs, legs: tuple[PlanLeg, ...], skeleton: OrderSkeleton
) -> Iterator[str]:
    """Say what is sent instead of an order that the account's broker does not take."""
    asked = inputs.intent.order_type
    if asked is skeleton.order_type:
        return
    rests = (
        "is cancelled at once."
        if skeleton.validity is Validity.IOC
        else "rests until the close or you cancel it."
    )
    for leg in legs:
        of = f" of {leg.instrument.ref}" if len(legs) > 1 else ""
        if asked is OrderType.MARKET:
            touch = "ask" if leg.side is Side.BUY else "bid"
            yield (
                f"The broker takes no market order{of} here: sent as a limit order at"
                f" {_limit(leg)}, {_beyond(leg, touch)}; what does not fill {rests}"
            )
        else:
            yield (
                f"The broker takes no stop-market order{of} here: sent as a stop-limit order with"
                f" a limit of {_limit(leg)}, {_beyond(leg, 'trigger')}; if the price jumps past"
                f" it, what does not fill {rests}"
            )


def _limit(leg: PlanLeg) -> str:
    """Write the limit as prices are written, with two places or all it has."""
    limit = leg.reference_price if leg.limit_price is None else leg.limit_price
    cents = limit.quantize(CENT)
    return format(cents, "f") if cents == limit else decimal_text(limit)


def _beyond(leg: PlanLeg, name: str) -> str:
    if leg.limit_price == leg.reference_price:
        return f"at the {name}"
    return f"{decimal_text(beyond_pct(leg))} % beyond the {name}"


def _protection_notes(inputs: PlanningInputs, legs: tuple[PlanLeg, ...]) -> list[str]:
    """Say who holds the stop and the target; a plan's legs have both, one or neither alike."""
    stop = any(leg.risk_model.stop_price for leg in legs)
    target = any(leg.risk_model.target_price for leg in legs)
    if stop and target and inputs.places_oco:
        return [PAIR_NOTE]
    return [STOP_NOTE] * stop + [TARGET_NOTE] * target


def _resting(inputs: PlanningInputs, legs: tuple[PlanLeg, ...]) -> list[str]:
    """Warn of open orders in a traded instrument: an exit does not cancel them."""
    traded = {leg.instrument.ref for leg in legs}
    return [
        f"{order.side} {decimal_text(order.open_quantity)} {order.instrument} is still open at the"
        " broker and stays open; cancel it if this trade replaces it."
        for order in inputs.snapshot.orders
        if order.instrument in traded and order.open_quantity > 0
    ]
