"""Orders as they are meant, sent, and seen at the broker."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from riskgate.contracts.base import (
    Contract,
    Identifier,
    NonNegative,
    Price,
    Quantity,
    ShortText,
    UtcTime,
)
from riskgate.contracts.instruments import InstrumentRef


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1


class Product(StrEnum):
    CNC = "CNC"
    MIS = "MIS"
    NRML = "NRML"


class OrderType(StrEnum):
    MARKET = "MARKET"
    LIMIT = "LIMIT"
    SL = "SL"
    SL_M = "SL-M"

    @property
    def has_limit_price(self) -> bool:
        return self in {OrderType.LIMIT, OrderType.SL}

    @property
    def has_trigger_price(self) -> bool:
        return self in {OrderType.SL, OrderType.SL_M}


class Validity(StrEnum):
    DAY = "DAY"
    IOC = "IOC"


class ExecutionMode(StrEnum):
    """What one run may touch: nothing, the paper broker, or a live broker."""

    DRY_RUN = "DRY_RUN"
    PAPER = "PAPER"
    LIVE = "LIVE"


class OrderState(StrEnum):
    """Where one of our orders stands.

    SENDING is written before the call. ACKED means the broker gave it a number and has not shown
    it in its book yet; UNKNOWN that it may have reached the broker.
    """

    PLANNED = "PLANNED"
    SENDING = "SENDING"
    ACKED = "ACKED"
    UNKNOWN = "UNKNOWN"
    OPEN = "OPEN"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    NOT_SENT = "NOT_SENT"
    EXPIRED = "EXPIRED"
    SIMULATED = "SIMULATED"

    @property
    def final(self) -> bool:
        return self in FINAL_ORDER_STATES


FINAL_ORDER_STATES = frozenset(
    {
        OrderState.FILLED,
        OrderState.CANCELLED,
        OrderState.REJECTED,
        OrderState.NOT_SENT,
        OrderState.EXPIRED,
        OrderState.SIMULATED,
    }
)

OrderTag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{20}$")]


class OrderTerms(Contract):
    """What an order asks for; the prices present are exactly those its type needs."""

    instrument: InstrumentRef
    side: Side
    quantity: Quantity
    product: Product
    order_type: OrderType
    validity: Validity = Validity.DAY
    limit_price: Price | None = None
    trigger_price: Price | None = None

    @model_validator(mode="after")
    def _prices_match_the_type(self) -> Self:
        for name, needed in (
            ("limit_price", self.order_type.has_limit_price),
            ("trigger_price", self.order_type.has_trigger_price),
        ):
            if needed != (getattr(self, name) is not None):
                verb = "needs" if needed else "takes no"
                raise ValueError(f"a {self.order_type} order {verb} {name}")
        return self


class OrderIntent(OrderTerms):
    """One order about to be sent: its terms, the plan it serves, and the tag that names it.

    The tag is stored before the call and is the only way to find the order after a lost reply.
    """

    order_id: Identifier
    account_id: Identifier
    plan_id: Identifier
    leg: Annotated[int, Field(ge=0)]
    slice: Annotated[int, Field(ge=0)]
    tag: OrderTag


class BrokerOrderAck(Contract):
    """The broker's word that it took an order; nothing about what becomes of it."""

    broker_order_id: Identifier
    tag: OrderTag
    accepted_at: UtcTime


class BrokerOrderStatus(StrEnum):
    OPEN = "OPEN"
    TRIGGER_PENDING = "TRIGGER_PENDING"
    COMPLETE = "COMPLETE"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"


class BrokerOrder(OrderTerms):
    """An order as the broker's book shows it. `tag` is None for an order that is not ours."""

    broker_order_id: Identifier
    tag: str | None
    status: BrokerOrderStatus
    filled_quantity: NonNegative = Decimal(0)
    cancelled_quantity: NonNegative = Decimal(0)
    average_price: Price | None = None
    reason: ShortText | None = None
    placed_at: UtcTime
    updated_at: UtcTime

    @property
    def open_quantity(self) -> Decimal:
        if self.status in {BrokerOrderStatus.OPEN, BrokerOrderStatus.TRIGGER_PENDING}:
            return self.quantity - self.filled_quantity - self.cancelled_quantity
        return Decimal(0)


class BrokerTrade(Contract):
    """One fill at the broker, named by the broker's own trade id."""

    trade_id: Identifier
    broker_order_id: Identifier
    instrument: InstrumentRef
    side: Side
    product: Product
    quantity: Quantity
    price: Price
    traded_at: UtcTime
