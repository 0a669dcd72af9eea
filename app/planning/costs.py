"""What a plan costs beyond its prices, line by line, before it is sent: pure."""

from collections.abc import Iterator, Sequence, Set
from datetime import date, timedelta, timezone
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Final

from riskgate.charges import Charges, Executed, bears_dp_fee, charges, is_charged, rates_of
from riskgate.contracts.base import Contract, Money, Price
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import OrderTerms, OrderType, Side
from riskgate.contracts.plans import PlanLeg, TradePlan
from riskgate.figures import EXACT, shown
from riskgate.tariff import ChargeKind, Tariff

INDIA: Final = timezone(timedelta(hours=5, minutes=30))


class PlanCost(Contract):
    """The bill of a plan that fills whole at the prices it was worked out at, in rupees.

    `charges` are the plan's own, `leaving` what it costs to leave again at those prices, None for a
    plan that leaves. The day's DP fee is counted once an instrument sold from the demat account.
    `breakeven_price` is where leaving pays for both, of a plan with one leg. The rates are those
    `rates_on` the day the plan was made.
    """

    rates_on: date
    turnover: Money
    charges: Charges
    total: Money
    leaving: Money | None = None
    breakeven_price: Price | None = None


def plan_cost(
    plan: TradePlan, tariff: Tariff, *, lowered: Set[InstrumentRef] = frozenset()
) -> PlanCost | None:
    """Return what a plan costs; None where the table does not have every line of it.

    `lowered` are the instruments of which the plan leaves less at risk: there is nothing more to
    leave of them.
    """
    on = plan.created_at.astimezone(INDIA).date()
    if not all(_is_known(plan, leg, side, tariff, on) for leg in plan.legs for side in Side):
        return None
    with localcontext(EXACT):
        own = _together([bill for leg in plan.legs for bill in _bills(plan, leg, leg.side, tariff)])
        leaving = None
        if not any(leg.reduce_only or leg.instrument.ref in lowered for leg in plan.legs):
            back = (b for leg in plan.legs for b in _bills(plan, leg, leg.side.opposite, tariff))
            leaving = _together(list(back)).total
        return PlanCost(
            rates_on=on,
            turnover=shown(plan.notional),
            charges=own,
            total=own.total,
            leaving=leaving,
            breakeven_price=_breakeven(plan, own.total, leaving),
        )


def _is_known(plan: TradePlan, leg: PlanLeg, side: Side, tariff: Tariff, on: date) -> bool:
    """Say whether the table knows the exchange's own fee, and so the kind of trade, of a leg."""
    terms = _terms(plan, leg, side, leg.quantity)
    rates = rates_of(terms, leg.instrument, on, tariff)
    return is_charged(leg.instrument) and any(r.charge is ChargeKind.EXCHANGE for r in rates)


def _bills(plan: TradePlan, leg: PlanLeg, side: Side, tariff: Tariff) -> Iterator[Charges]:
    """Yield the bill of each order of a leg, were it of a side."""
    on = plan.created_at.astimezone(INDIA).date()
    for number, quantity in enumerate(leg.slices):
        terms = _terms(plan, leg, side, quantity)
        yield charges(
            Executed(
                terms=terms,
                instrument=leg.instrument,
                on=on,
                turnover=quantity * leg.reference_price * leg.instrument.multiplier,
                bears_dp=number == 0 and bears_dp_fee(terms),
            ),
            tariff,
        )


def _terms(plan: TradePlan, leg: PlanLeg, side: Side, quantity: Decimal) -> OrderTerms:
    return OrderTerms(
        instrument=leg.instrument.ref,
        side=side,
        quantity=quantity,
        product=plan.order_skeleton.product,
        order_type=OrderType.LIMIT,
        limit_price=leg.reference_price,
    )


def _together(bills: Sequence[Charges]) -> Charges:
    sums = {kind.value: sum((bill.line(kind) for bill in bills), Decimal(0)) for kind in ChargeKind}
    return Charges.model_validate(sums)


def _breakeven(plan: TradePlan, own: Decimal, leaving: Decimal | None) -> Decimal | None:
    """Return the first price on the tick at which leaving loses nothing."""
    if leaving is None or len(plan.legs) != 1:
        return None
    (leg,) = plan.legs
    tick = leg.instrument.tick_size
    if tick is None:
        return None
    move = (own + leaving) / (leg.quantity * leg.instrument.multiplier)
    away = ROUND_CEILING if leg.side is Side.BUY else ROUND_FLOOR
    price = leg.reference_price + leg.side.sign * move
    even = (price / tick).to_integral_value(rounding=away) * tick
    return even if even > 0 else None
