"""The paper broker's whole book of one account, and its text."""

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Final

from pydantic import Field

from riskgate.charges import NO_CHARGES, Charges
from riskgate.contracts.base import (
    Contract,
    Identifier,
    Money,
    NonNegative,
    Number,
    Positive,
    Price,
    Quantity,
    UtcTime,
)
from riskgate.contracts.instruments import Currency, InstrumentRef
from riskgate.contracts.orders import BrokerOrder, BrokerTrade, Product, Side

MICRO: Final = Decimal("0.000001")


class PaperPosition(Contract):
    """A signed quantity and the signed money it cost; the cost is exact, the average is shown.

    Negative is short. `day_quantity` is what today's trades made of it.
    """

    instrument: InstrumentRef
    product: Product
    multiplier: Positive
    quantity: Number
    cost: Money
    day_quantity: Number = Decimal(0)

    @property
    def average_price(self) -> Decimal:
        if self.quantity == 0:
            return Decimal(0)
        return (self.cost / (self.quantity * self.multiplier)).quantize(MICRO, ROUND_HALF_EVEN)


class QueuePlace(Contract):
    """Where a resting limit order stands at its own price.

    `ahead` is the quantity in front of it, None until a display has shown that price. On the
    display of `served_at` the first `served` of the other side went to those in front.
    """

    ahead: NonNegative | None = None
    served: NonNegative = Decimal(0)
    served_at: UtcTime | None = None


class PaperOrder(Contract):
    """An order with the price its money is blocked at while it is open.

    It reaches the book at `reaches_at`, None for at once. `place` is None until it has met a
    book and rests. `paired_with` is the other order of a pair of which only one may fill.
    `charges` is what its fills have cost so far.
    """

    order: BrokerOrder
    block_price: Price
    multiplier: Positive
    reaches_at: UtcTime | None = None
    place: QueuePlace | None = None
    paired_with: Identifier | None = None
    charges: Charges = NO_CHARGES

    def showing(self, order: BrokerOrder) -> "PaperOrder":
        """Return the row with its order changed."""
        return self.model_copy(update={"order": order})


class TakenDepth(Contract):
    """Displayed quantity at one price that our own orders have already traded with."""

    instrument: InstrumentRef
    market_time: UtcTime
    side: Side
    price: Price
    quantity: Quantity


class PaperState(Contract):
    """Everything the paper broker knows of an account on one IST day, and its last days' orders.

    `cash` is all the money, blocked or not. CNC trades move it by their value; MIS and NRML
    trades only by what they realised; charges come off it too. `charges` is all that was ever
    charged, `charges_today` the IST day's part. `dp_charged` are the scrips that have borne the
    day's depository fee. `accepted` counts the orders ever taken. `last_equity` is the last worth
    that was fully priced.
    """

    schema_id: str = "paper_state/1"
    account_id: Identifier
    currency: Currency
    day: date
    cash: Money
    realised: Money = Decimal(0)
    charges: Money = Decimal(0)
    charges_today: Money = Decimal(0)
    dp_charged: tuple[InstrumentRef, ...] = ()
    accepted: Annotated[int, Field(ge=0)] = 0
    start_of_day_equity: Money | None
    last_equity: Money | None = None
    last_equity_at: UtcTime | None = None
    holdings: tuple[PaperPosition, ...] = ()
    positions: tuple[PaperPosition, ...] = ()
    orders: tuple[PaperOrder, ...] = ()
    trades: tuple[BrokerTrade, ...] = ()
    taken: tuple[TakenDepth, ...] = ()

    @property
    def open_orders(self) -> tuple[PaperOrder, ...]:
        return tuple(row for row in self.orders if row.order.open_quantity > 0)

    @property
    def priced_instruments(self) -> tuple[InstrumentRef, ...]:
        """Every instrument whose price matters to the book, once each."""
        held = (row.instrument for row in (*self.holdings, *self.positions))
        waiting = (row.order.instrument for row in self.open_orders)
        return tuple(dict.fromkeys((*held, *waiting)))

    def held(self, instrument: InstrumentRef, product: Product) -> Decimal:
        """Return the signed quantity of an instrument in a product, today's and older."""
        rows = (*self.holdings, *self.positions)
        return sum(
            (r.quantity for r in rows if r.instrument == instrument and r.product is product),
            Decimal(0),
        )

    def find(self, broker_order_id: str) -> PaperOrder | None:
        """Return an order's row, or None."""
        rows = (row for row in self.orders if row.order.broker_order_id == broker_order_id)
        return next(rows, None)

    def replace_order(self, changed: BrokerOrder) -> "PaperState":
        """Return the state with one order changed and its row as it was."""
        row = self.find(changed.broker_order_id)
        return self if row is None else self.replace_row(row.showing(changed))

    def replace_row(self, changed: PaperOrder) -> "PaperState":
        """Return the state with one order's whole row changed."""
        order_id = changed.order.broker_order_id
        orders = tuple(
            changed if row.order.broker_order_id == order_id else row for row in self.orders
        )
        return self.model_copy(update={"orders": orders})


def open_account(
    account_id: str, *, currency: Currency, opening_cash: Decimal, day: date
) -> PaperState:
    """Return the state of an account never used."""
    return PaperState(
        account_id=account_id,
        currency=currency,
        day=day,
        cash=opening_cash,
        start_of_day_equity=opening_cash,
        last_equity=opening_cash,
    )


def state_text(state: PaperState) -> str:
    """Write a state as the text that `read_state` reads back equal."""
    return state.model_dump_json()


def read_state(text: str) -> PaperState:
    """Read a state; raises pydantic's ValidationError for any other text."""
    return PaperState.model_validate_json(text)
