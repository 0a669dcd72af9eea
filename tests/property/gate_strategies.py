"""Strategies for the gate's cases, the settings they run under, and cases as inputs of a plan."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from riskgate.contracts.instruments import Currency, Instrument, InstrumentKind, InstrumentRef
from riskgate.contracts.intents import Sizing, SizingMethod
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, OrderTerms, Side
from riskgate.contracts.plans import PlanLeg, RiskModel
from riskgate.contracts.snapshots import DepthLevel, Margins, Position, Quote, QuoteSource
from riskgate.facts import Candidate, Listing, Price
from riskgate.inputs import Classification, EquityHistory, GateInput, SentMessage
from riskgate.inputs import Sent as SentMessages
from tests.property.gate_cases import NOW, Case, Choices, a_case
from tests.unit.riskgate.builders import a_gate_input, a_plan, a_snapshot

T = TypeVar("T")
Test = Callable[..., None]


def thorough(count: int) -> Callable[[Test], Test]:
    """Run so many examples, or as many as the profile asks for if those are more."""
    return settings(
        max_examples=max(count, settings().max_examples),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


class Drawn:
    """Choices that Hypothesis makes, and makes smaller."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def pick(self, options: Sequence[T]) -> T:
        return options[self._draw(st.integers(0, len(options) - 1))]


@st.composite
def cases(draw: st.DrawFn, *, of_plan: bool = False) -> Case:
    return a_case(Drawn(draw), of_plan=of_plan)


@st.composite
def choices(draw: st.DrawFn) -> Choices:
    """Yield whoever chooses, for tests that need more than a case."""
    return Drawn(draw)


def gate_input_of(case: Case, *more: Candidate) -> GateInput:
    """Return a plan's inputs that say what a case says; `more` are legs behind its order."""
    plan = a_plan(
        *(_leg(case, number, leg) for number, leg in enumerate((case.candidate, *more))),
        product=case.candidate.product,
        order_type=case.candidate.order_type,
        sizing_method=Sizing(method=SizingMethod.QUANTITY, value=case.candidate.quantity),
    )
    account = case.account
    money = None
    if account.equity is not None:
        money = Margins(
            currency=Currency.INR,
            available=account.available or Decimal(0),
            used=Decimal(0),
            equity=account.equity,
        )
    return a_gate_input(
        plan=plan,
        strategy_id=case.candidate.strategy_id,
        broker=a_snapshot(
            positions=tuple(_position(key, q) for key, q in case.held.items()),
            orders=tuple(_broker_order(n, order) for n, order in enumerate(case.in_flight)),
            margins=money,
        ),
        quotes=tuple(_quote(key, price) for key, price in case.prices.items()),
        as_of=NOW,
        kill_switch=case.kill_switch,
        market_open=case.market.is_open,
        closes_at=case.market.closes_at,
        start_of_day_equity=account.day_start,
        history=EquityHistory(
            week_start=account.week_start,
            month_start=account.month_start,
            peak=account.peak,
            month_spent=account.month_spent,
        ),
        sent=SentMessages(
            messages=tuple(_message(one.candidate, one.age_s) for one in case.sent),
            orders_today=len(case.sent),
        ),
        instruments=tuple(_instrument(listing) for listing in case.listings),
        classifications=tuple(_classification(listing) for listing in case.listings),
    )


def a_terms(order: Candidate) -> OrderTerms:
    return OrderTerms.model_validate(_terms(order))


def _terms(order: Candidate) -> dict[str, Any]:
    return {
        "instrument": order.listing.key,
        "side": Side.BUY if order.sign > 0 else Side.SELL,
        "quantity": order.quantity,
        "product": order.product,
        "order_type": order.order_type,
        "limit_price": order.limit_price,
        "trigger_price": order.trigger_price,
    }


def _broker_order(number: int, order: Candidate) -> BrokerOrder:
    return BrokerOrder.model_validate(
        {
            **_terms(order),
            "broker_order_id": f"b-{number}",
            "tag": None,
            "status": BrokerOrderStatus.OPEN,
            "placed_at": NOW - timedelta(seconds=100 - number),
            "updated_at": NOW,
        }
    )


def _instrument(listing: Listing) -> Instrument:
    assert isinstance(listing.key, InstrumentRef)
    assert listing.multiplier is not None
    return Instrument(
        ref=listing.key,
        name=listing.names[1],
        kind=InstrumentKind.EQUITY,
        currency=Currency.INR,
        lot_size=int(listing.lot),
        tick_size=listing.tick,
        multiplier=listing.multiplier,
    )


def _classification(listing: Listing) -> Classification:
    return Classification.model_validate(
        {"instrument": listing.key, "sector": listing.sector, "underlying": listing.underlying}
    )


def _leg(case: Case, number: int, order: Candidate) -> PlanLeg:
    price = case.prices.get(order.listing.key)
    last = price.last if price is not None else Decimal(1)
    return PlanLeg(
        leg=number,
        instrument=_instrument(order.listing),
        side=Side.BUY if order.sign > 0 else Side.SELL,
        quantity=order.quantity,
        slices=order.slices,
        limit_price=order.limit_price,
        trigger_price=order.trigger_price,
        reference_price=last,
        quote_as_of=NOW,
        notional=order.quantity * last,
        sizing_note="as asked",
        reduce_only=order.reduce_only,
        risk_model=RiskModel(stop_price=order.stop_price),
    )


def _position(key: tuple[Any, Any], quantity: Decimal) -> Position:
    instrument, product = key
    return Position(
        instrument=instrument, product=product, quantity=quantity, average_price=Decimal(1)
    )


def _quote(key: Any, price: Price) -> Quote:
    return Quote(
        instrument=key,
        source=QuoteSource.SIMULATED,
        as_of=price.as_of or NOW,
        market_time=NOW,
        last=price.last,
        bids=tuple(DepthLevel(price=p, quantity=q) for p, q in price.bids),
        asks=tuple(DepthLevel(price=p, quantity=q) for p, q in price.asks),
        lower_circuit=price.low_band,
        upper_circuit=price.high_band,
        open=price.open,
        previous_close=price.previous_close,
    )


def _message(order: Candidate, age_s: int) -> SentMessage:
    return SentMessage.model_validate(
        {
            "at": NOW - timedelta(seconds=age_s),
            "strategy_id": order.strategy_id,
            "instrument": order.listing.key,
            "side": Side.BUY if order.sign > 0 else Side.SELL,
            "quantity": order.quantity,
            "limit_price": order.limit_price,
        }
    )


__all__ = [
    "Drawn",
    "a_terms",
    "cases",
    "choices",
    "gate_input_of",
    "thorough",
]
