"""The prices of a plan: the entry to size at, and stops and targets on the tick."""

from decimal import Decimal

from app.planning.inputs import impossible
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument, on_step, round_nearest
from riskgate.contracts.intents import Offset, OffsetKind, TradeIntent
from riskgate.contracts.orders import OrderType, Side
from riskgate.contracts.snapshots import Quote

HUNDRED = Decimal(100)


def tick_of(instrument: Instrument) -> Decimal:
    """Return the tick size; an instrument without one cannot be priced."""
    if instrument.tick_size is None:
        raise impossible(
            "TICK_UNKNOWN",
            "symbol",
            f"the tick size of {instrument.ref} is not in the instrument master",
            "Load the exchange's current master, or trade another instrument.",
        )
    return instrument.tick_size


def check_price(name: str, value: Decimal | None, instrument: Instrument) -> None:
    """Refuse a price that a person gave and the exchange would not take."""
    if value is None:
        return
    tick = tick_of(instrument)
    said = decimal_text(value)
    if value <= 0:
        raise impossible("PRICE_INVALID", name, f"{name} was {said}", "Give a price above zero.")
    if not on_step(value, tick):
        lower = (value // tick) * tick
        above, below = decimal_text(lower + tick), decimal_text(lower)
        raise impossible(
            "PRICE_OFF_TICK",
            name,
            f"{name} {said} is not a multiple of the tick {decimal_text(tick)} of {instrument.ref}",
            f"Use {below} or {above}." if lower else f"Use {above}.",
        )


def entry_price(intent: TradeIntent, order_type: OrderType, quote: Quote) -> Decimal:
    """Return the price a size is worked out at: what was stated, else the far touch."""
    limit = _required("limit_price", intent.limit_price, order_type, order_type.has_limit_price)
    trigger = _required(
        "trigger_price", intent.trigger_price, order_type, order_type.has_trigger_price
    )
    return limit or trigger or touch(quote, intent.side)


def _required(
    name: str, value: Decimal | None, order_type: OrderType, needed: bool
) -> Decimal | None:
    if needed and value is None:
        raise impossible(
            "PRICE_MISSING",
            name,
            f"a {order_type} order needs a {name}",
            f"Say the {name}, for example 'at 1480'.",
        )
    return value if needed else None


def touch(quote: Quote, side: Side) -> Decimal:
    """Return the price a market order meets first, the last price where that side is empty."""
    side_price = quote.ask if side is Side.BUY else quote.bid
    return quote.last if side_price is None else side_price


def protective_price(
    offset: Offset, *, name: str, entry: Decimal, instrument: Instrument, below: bool
) -> Decimal:
    """Turn a stop or target into a price on the tick, on the stated side of the entry."""
    tick = tick_of(instrument)
    if offset.kind is OffsetKind.PRICE:
        check_price(name, offset.value, instrument)
        price = offset.value
    else:
        price = round_nearest(entry + _distance(offset, name, entry) * (-1 if below else 1), tick)
    if price <= 0 or price == entry or (price < entry) is not below:
        side = "below" if below else "above"
        raise impossible(
            f"{name.upper()}_WRONG_SIDE",
            name,
            f"{name} {decimal_text(price)} must be {side} the entry {decimal_text(entry)}",
            f"Give a {name} {side} {decimal_text(entry)}.",
        )
    return price


def _distance(offset: Offset, name: str, entry: Decimal) -> Decimal:
    if offset.kind is OffsetKind.PCT:
        return entry * offset.value / HUNDRED
    if offset.kind is OffsetKind.POINTS:
        return offset.value
    raise impossible(
        "ATR_UNAVAILABLE",
        name,
        f"{name} in ATR needs price history, which this account's market does not give",
        "Give the distance in percent, points or as a price.",
    )
