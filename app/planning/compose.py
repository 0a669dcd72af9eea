"""Compose a plan from an intent: pure, total, and refusing rather than guessing."""

from datetime import timedelta
from decimal import Context, Decimal, localcontext

from pydantic import ValidationError

from app.planning.delivery import refuse_undeliverable
from app.planning.inputs import PlanImpossible, PlanningInputs, PlanProblem, impossible
from app.planning.market_protection import protect, sendable
from app.planning.notes import notes_of
from app.planning.prices import check_price, entry_price, protective_price, tick_of
from app.planning.sizing import leaves_a_position, size_leg
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument, round_down, slice_quantity
from riskgate.contracts.orders import OrderType, Side, Validity
from riskgate.contracts.plans import (
    OrderSkeleton,
    PlanLeg,
    RiskModel,
    TradePlan,
    ValidityWindow,
)
from riskgate.contracts.snapshots import Quote

HUNDRED = Decimal(100)
PERCENT_PLACES = Decimal("0.0001")
# Wide enough that no size is ever rounded up by division, and the caller's context never matters.
EXACT = Context(prec=400)


def compose_plan(inputs: PlanningInputs) -> TradePlan | PlanProblem:
    """Return the plan, or the first reason why there cannot be one."""
    try:
        with localcontext(EXACT):
            return _compose(inputs)
    except PlanImpossible as reason:
        return reason.problem
    except (ArithmeticError, ValidationError):
        return PlanProblem(
            code="FIGURES_OUT_OF_RANGE",
            field="size",
            message="the order's figures are larger than any market's",
            remedy="Ask for a smaller size.",
        )


def _compose(inputs: PlanningInputs) -> TradePlan:
    intent = inputs.intent
    skeleton = _skeleton(inputs)
    _refuse_repeated_symbols(inputs)
    legs = tuple(
        _leg(inputs, number, _known(inputs, number), skeleton.order_type)
        for number in range(len(intent.symbols))
    )
    return TradePlan(
        plan_id=inputs.plan_id,
        tenant_id=inputs.tenant_id,
        account_id=inputs.account_id,
        mode=inputs.mode,
        currency=inputs.currency,
        created_at=inputs.created_at,
        intent=intent,
        entry_rules=intent.entry_rules,
        sizing_method=intent.sizing,
        risk_model=_whole_risk(inputs, legs),
        order_skeleton=skeleton,
        legs=legs,
        validity_window=_window(inputs),
        broker_snapshot_id=inputs.snapshot.snapshot_id,
        notes=notes_of(inputs, legs, skeleton),
    )


def _skeleton(inputs: PlanningInputs) -> OrderSkeleton:
    intent = inputs.intent
    if intent.product is None or intent.order_type is None:
        raise impossible(
            "ORDER_INCOMPLETE",
            "product",
            "the order has no product or order type",
            "Say CNC, MIS or NRML, and market or a limit price.",
        )
    return OrderSkeleton(
        order_type=sendable(inputs, intent.order_type),
        product=intent.product,
        validity=intent.validity or Validity.DAY,
    )


def _refuse_repeated_symbols(inputs: PlanningInputs) -> None:
    """Each leg is sized by itself, so twice the same symbol would sell a holding twice."""
    symbols = inputs.intent.symbols
    repeated = [ref for number, ref in enumerate(symbols) if ref in symbols[:number]]
    if repeated:
        raise impossible(
            "SYMBOL_REPEATED",
            "symbol",
            f"{repeated[0]} was named twice",
            "Name each instrument once.",
        )


def _known(inputs: PlanningInputs, number: int) -> tuple[Instrument, Quote]:
    ref = inputs.intent.symbols[number]
    instrument, quote = inputs.instrument(ref), inputs.quote(ref)
    if instrument is None:
        raise impossible(
            "SYMBOL_UNKNOWN",
            "symbol",
            f"{ref} is not in the instrument master",
            "Check the tradingsymbol.",
        )
    if not instrument.tradable:
        raise impossible(
            "NOT_TRADABLE",
            "symbol",
            f"{ref} is an index and cannot be traded itself",
            "Name a future, an option or an ETF on it.",
        )
    if quote is None:
        raise impossible(
            "QUOTE_MISSING",
            "symbol",
            f"there is no usable price for {ref} now",
            "Wait for a quote and try again.",
        )
    return instrument, quote


def _leg(
    inputs: PlanningInputs, number: int, known: tuple[Instrument, Quote], sent_as: OrderType
) -> PlanLeg:
    instrument, quote = known
    intent, asked = inputs.intent, inputs.intent.order_type or sent_as
    tick_of(instrument)
    check_price("limit_price", intent.limit_price, instrument)
    check_price("trigger_price", intent.trigger_price, instrument)
    _refuse_spare_prices(inputs, asked)
    entry = entry_price(intent, asked, quote)
    limit = intent.limit_price if asked is sent_as else protect(inputs, instrument, quote)
    stop, target = _protection(inputs, instrument, entry)
    quantity, note = size_leg(inputs, instrument, entry=entry, stop=stop)
    refuse_undeliverable(inputs, instrument, quantity)
    return PlanLeg(
        leg=number,
        instrument=instrument,
        side=intent.side,
        quantity=quantity,
        slices=_slices(instrument, quantity, inputs.slices_max),
        limit_price=limit,
        trigger_price=intent.trigger_price,
        reference_price=entry,
        quote_as_of=quote.as_of,
        notional=quantity * entry * instrument.multiplier,
        sizing_note=note,
        reduce_only=leaves_a_position(inputs, instrument),
        risk_model=_leg_risk(inputs, instrument, quantity, entry, stop, target),
    )


def _refuse_spare_prices(inputs: PlanningInputs, order_type: OrderType) -> None:
    for name, takes in (
        ("limit_price", order_type.has_limit_price),
        ("trigger_price", order_type.has_trigger_price),
    ):
        if getattr(inputs.intent, name) is not None and not takes:
            raise impossible(
                "ORDER_CONTRADICTORY",
                name,
                f"a {order_type} order takes no {name}",
                f"Leave out the {name}, or ask for another order type.",
            )


def _protection(
    inputs: PlanningInputs, instrument: Instrument, entry: Decimal
) -> tuple[Decimal | None, Decimal | None]:
    intent = inputs.intent
    buying = intent.side is Side.BUY
    stop = target = None
    if intent.stop_loss is not None:
        stop = protective_price(
            intent.stop_loss, name="stop_loss", entry=entry, instrument=instrument, below=buying
        )
    if intent.target is not None:
        target = protective_price(
            intent.target, name="target", entry=entry, instrument=instrument, below=not buying
        )
    return stop, target


def _slices(instrument: Instrument, quantity: Decimal, most: int) -> tuple[Decimal, ...]:
    freeze, lot = instrument.freeze_quantity, Decimal(instrument.lot_size)
    if freeze is None or quantity <= freeze:
        return (quantity,)
    largest = round_down(freeze, lot)
    if largest == 0:
        raise impossible(
            "LOT_ABOVE_FREEZE",
            "size",
            f"one lot of {instrument.ref} is {lot}, above the exchange's freeze limit of"
            f" {decimal_text(freeze)}",
            "Load the exchange's current master, or trade another instrument.",
        )
    if quantity > largest * most:
        raise impossible(
            "QUANTITY_TOO_LARGE",
            "size",
            f"{decimal_text(quantity)} of {instrument.ref} would need more than {most}"
            f" orders of at most {decimal_text(largest)}",
            f"Ask for at most {decimal_text(largest * most)}.",
        )
    return slice_quantity(quantity, lot_size=instrument.lot_size, freeze_quantity=freeze)


def _leg_risk(
    inputs: PlanningInputs,
    instrument: Instrument,
    quantity: Decimal,
    entry: Decimal,
    stop: Decimal | None,
    target: Decimal | None,
) -> RiskModel:
    if stop is None:
        return RiskModel(target_price=target)
    loss = abs(entry - stop) * quantity * instrument.multiplier
    return RiskModel(
        stop_price=stop,
        target_price=target,
        loss_at_stop=loss,
        loss_at_stop_pct=_percent_of_equity(inputs, loss),
    )


def _whole_risk(inputs: PlanningInputs, legs: tuple[PlanLeg, ...]) -> RiskModel:
    losses = [leg.risk_model.loss_at_stop for leg in legs]
    if any(loss is None for loss in losses):
        return legs[0].risk_model if len(legs) == 1 else RiskModel()
    total = sum((loss for loss in losses if loss is not None), Decimal(0))
    single = legs[0].risk_model if len(legs) == 1 else RiskModel()
    return RiskModel(
        stop_price=single.stop_price,
        target_price=single.target_price,
        loss_at_stop=total,
        loss_at_stop_pct=_percent_of_equity(inputs, total),
    )


def _percent_of_equity(inputs: PlanningInputs, amount: Decimal) -> Decimal | None:
    margins = inputs.snapshot.margins
    if margins is None or margins.equity <= 0:
        return None
    return min((amount * HUNDRED / margins.equity).quantize(PERCENT_PLACES), HUNDRED)


def _window(inputs: PlanningInputs) -> ValidityWindow:
    window, ttl = inputs.intent.time_window, inputs.intent.ttl_minutes
    start = inputs.created_at
    if window is not None and window.start is not None:
        start = max(start, window.start)
    stated = [] if ttl is None else [start + timedelta(minutes=ttl)]
    if window is not None and window.end is not None:
        stated.append(window.end)
    end = min(stated) if stated else start + timedelta(seconds=inputs.plan_ttl_s)
    if end <= start:
        raise impossible(
            "WINDOW_OVER",
            "time_window",
            f"the time window ended at {end.isoformat()}",
            "Give a time that is still to come.",
        )
    return ValidityWindow(start=start, end=end)
