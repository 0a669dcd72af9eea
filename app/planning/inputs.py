"""Everything a plan is made from; the same inputs give the same plan, byte for byte."""

from typing import Annotated, Final

from pydantic import Field

from riskgate.contracts.base import (
    Code,
    Contract,
    ExactNumber,
    Identifier,
    ShortText,
    UtcTime,
)
from riskgate.contracts.instruments import Currency, Instrument, InstrumentRef
from riskgate.contracts.intents import TradeIntent
from riskgate.contracts.orders import ExecutionMode, OrderType
from riskgate.contracts.snapshots import BrokerSnapshot, Position, Quote

# Into how many orders a quantity is cut at most, where the broker does not say less.
SLICES_MAX: Final = 20


class PriceCollar(Contract):
    """How far the account's policy lets an order without a price reach, as a share of the last
    price or the trigger; None where the policy sets no such limit."""

    instrument: InstrumentRef
    share: Annotated[ExactNumber, Field(gt=0)] | None


class PlanningInputs(Contract):
    """The intent, what the broker said, the prices, and the ids and time that were handed in.

    `places_oco` says that the account's broker takes a stop and a target as a pair. `order_types`
    are those it takes, None (in traces of older releases) for all; `collars` are there for the
    instruments of an order that it does not take as asked. `slices_max` is into how many orders it
    lets a quantity be cut.
    """

    plan_id: Identifier
    tenant_id: Identifier
    account_id: Identifier
    currency: Currency
    mode: ExecutionMode
    created_at: UtcTime
    plan_ttl_s: Annotated[int, Field(ge=1)]
    intent: TradeIntent
    instruments: tuple[Instrument, ...]
    quotes: tuple[Quote, ...]
    snapshot: BrokerSnapshot
    places_oco: bool = False
    order_types: tuple[OrderType, ...] | None = None
    collars: tuple[PriceCollar, ...] = ()
    slices_max: Annotated[int, Field(ge=1)] = SLICES_MAX

    def instrument(self, ref: InstrumentRef) -> Instrument | None:
        return next((item for item in self.instruments if item.ref == ref), None)

    def quote(self, ref: InstrumentRef) -> Quote | None:
        return next((item for item in self.quotes if item.instrument == ref), None)

    def collar(self, ref: InstrumentRef) -> PriceCollar | None:
        return next((item for item in self.collars if item.instrument == ref), None)

    def held(self, ref: InstrumentRef) -> tuple[Position, ...]:
        """Return the non-zero positions and holdings of an instrument."""
        everything = (*self.snapshot.positions, *self.snapshot.holdings)
        return tuple(item for item in everything if item.instrument == ref and item.quantity)


class PlanProblem(Contract):
    """Why no plan can be made of an intent: what was wrong and what to do."""

    code: Code
    field: str
    message: ShortText
    remedy: ShortText


class PlanImpossible(Exception):
    """Raised inside the planner; callers of compose_plan get the problem as a value."""

    def __init__(self, problem: PlanProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def impossible(code: str, field: str, message: str, remedy: str) -> PlanImpossible:
    """Make the exception that says why no plan can be made."""
    return PlanImpossible(PlanProblem(code=code, field=field, message=message, remedy=remedy))
