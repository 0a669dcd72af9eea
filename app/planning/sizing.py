"""How many: from what a person said to a whole number of lots. Zero is refused, never raised."""

from decimal import Decimal

from app.planning.inputs import PlanningInputs, impossible
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument, on_step, round_down
from riskgate.contracts.intents import Sizing, SizingMethod
from riskgate.contracts.orders import Side

HUNDRED = Decimal(100)


def size_leg(
    inputs: PlanningInputs,
    instrument: Instrument,
    *,
    entry: Decimal,
    stop: Decimal | None,
) -> tuple[Decimal, str]:
    """Return (quantity, how it was worked out) for one instrument.

    Source: quantity = floor(risk / |entry - stop|), capped by margin (domain contracts, e).
    """
    sizing = inputs.intent.sizing
    raw, note = _raw_quantity(inputs, instrument, entry=entry, stop=stop)
    quantity = round_down(raw, Decimal(instrument.lot_size)) if raw > 0 else raw
    if quantity <= 0:
        raise impossible(
            "SIZE_ZERO",
            "size",
            f"{_said(sizing)} is less than one lot of {instrument.ref} at {decimal_text(entry)}"
            if raw > 0
            else f"{_said(sizing)} gives no quantity to trade",
            "Ask for a larger size.",
        )
    return quantity, note


def _raw_quantity(
    inputs: PlanningInputs, instrument: Instrument, *, entry: Decimal, stop: Decimal | None
) -> tuple[Decimal, str]:
    sizing = inputs.intent.sizing
    unit = entry * instrument.multiplier
    match sizing.method:
        case SizingMethod.QUANTITY:
            return _stated_quantity(sizing.value, instrument), "as stated"
        case SizingMethod.LOTS:
            return _stated_lots(sizing.value, instrument)
        case SizingMethod.NOTIONAL:
            return sizing.value / unit, f"{_said(sizing)} at {decimal_text(entry)}"
        case SizingMethod.FRACTION:
            return _fraction_of_held(inputs, instrument)
        case SizingMethod.EQUITY_PCT:
            worth = _equity(inputs) * sizing.value / HUNDRED
            of = f"of {decimal_text(_equity(inputs))} at {decimal_text(entry)}"
            return worth / unit, f"{_said(sizing)} {of}"
        case SizingMethod.RISK_AMOUNT:
            return _risk_sized(inputs, instrument, risk=sizing.value, entry=entry, stop=stop)
        case SizingMethod.RISK_PCT:
            risk = _equity(inputs) * sizing.value / HUNDRED
            return _risk_sized(inputs, instrument, risk=risk, entry=entry, stop=stop)


def _stated_quantity(value: Decimal, instrument: Instrument) -> Decimal:
    lot = Decimal(instrument.lot_size)
    if value <= 0 or value != value.to_integral_value():
        raise impossible(
            "QUANTITY_INVALID",
            "size",
            f"quantity was {decimal_text(value)}",
            "Give a whole number above zero.",
        )
    if not on_step(value, lot):
        lower = round_down(value, lot)
        raise impossible(
            "QUANTITY_OFF_LOT",
            "size",
            f"{instrument.ref} trades in lots of {lot}, the quantity was {decimal_text(value)}",
            f"Use {decimal_text(lower + lot)}" + (f" or {decimal_text(lower)}." if lower else "."),
        )
    return value


def _stated_lots(value: Decimal, instrument: Instrument) -> tuple[Decimal, str]:
    if value <= 0 or value != value.to_integral_value():
        raise impossible(
            "QUANTITY_INVALID",
            "size",
            f"lots were {decimal_text(value)}",
            "Give a whole number of lots above zero.",
        )
    return value * instrument.lot_size, f"{decimal_text(value)} lots of {instrument.lot_size}"


def leaves_a_position(inputs: PlanningInputs, instrument: Instrument) -> bool:
    """Say whether the size is a share of a position on the other side: an exit."""
    shares = inputs.intent.sizing.method is SizingMethod.FRACTION
    return shares and _held(inputs, instrument) * inputs.intent.side.sign < 0


def _held(inputs: PlanningInputs, instrument: Instrument) -> Decimal:
    positions = inputs.held(instrument.ref)
    product = inputs.intent.product
    return sum((item.quantity for item in positions if item.product is product), Decimal(0))


def _fraction_of_held(inputs: PlanningInputs, instrument: Instrument) -> tuple[Decimal, str]:
    product, held = inputs.intent.product, _held(inputs, instrument)
    adds_to_long = inputs.intent.side is Side.BUY and held > 0
    if not leaves_a_position(inputs, instrument) and not adds_to_long:
        raise impossible(
            "NO_POSITION",
            "size",
            f"there is no {product} position in {instrument.ref} that a {inputs.intent.side}"
            " could use",
            "Check 'positions', or give a quantity.",
        )
    fraction = inputs.intent.sizing.value
    if not 0 < fraction <= 1:
        raise impossible(
            "FRACTION_INVALID",
            "size",
            f"the fraction was {decimal_text(fraction)}",
            "Give a share above 0 and up to 100 % of the position.",
        )
    note = f"{decimal_text(fraction * HUNDRED)} % of {decimal_text(abs(held))} held"
    return abs(held) * fraction, note


def _risk_sized(
    inputs: PlanningInputs,
    instrument: Instrument,
    *,
    risk: Decimal,
    entry: Decimal,
    stop: Decimal | None,
) -> tuple[Decimal, str]:
    if stop is None:
        raise impossible(
            "STOP_MISSING",
            "stop_loss",
            "a size by risk needs a stop",
            "Say where the stop is, for example 'stop 2%'.",
        )
    per_unit = abs(entry - stop) * instrument.multiplier
    by_risk = risk / per_unit
    by_money = _available(inputs) / (entry * instrument.multiplier)
    note = f"risk {decimal_text(risk)} over {decimal_text(per_unit)} a unit"
    if by_money < by_risk:
        return by_money, f"{note}, capped by available money"
    return by_risk, note


def _equity(inputs: PlanningInputs) -> Decimal:
    return _margins_or_refuse(inputs)[0]


def _available(inputs: PlanningInputs) -> Decimal:
    return _margins_or_refuse(inputs)[1]


def _margins_or_refuse(inputs: PlanningInputs) -> tuple[Decimal, Decimal]:
    margins = inputs.snapshot.margins
    if margins is None or margins.equity <= 0:
        raise impossible(
            "EQUITY_UNKNOWN",
            "size",
            "the broker gave no equity to size from",
            "Give a quantity, or try again when the broker answers.",
        )
    return margins.equity, margins.available


def _said(sizing: Sizing) -> str:
    return f"{sizing.method.value} {decimal_text(sizing.value)}"
