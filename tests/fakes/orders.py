"""Orders to place."""

from decimal import Decimal

from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import OrderIntent, OrderType, Product, Side, Validity
from tests.fakes.instruments import INFY

ACCOUNT = "acct-1"


def a_tag(number: int) -> str:
    """Make the tag of one order."""
    return f"T{number:019d}"


def an_order(
    *,
    side: Side = Side.BUY,
    quantity: str = "10",
    instrument: InstrumentRef = INFY,
    product: Product = Product.CNC,
    limit: str | None = None,
    trigger: str | None = None,
    validity: Validity = Validity.DAY,
    account_id: str = ACCOUNT,
    tag: int = 1,
) -> OrderIntent:
    """Make an order: MARKET for 10 INFY CNC unless told otherwise; prices choose the type."""
    types = {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (True, True): OrderType.SL,
        (False, True): OrderType.SL_M,
    }
    return OrderIntent(
        instrument=instrument,
        side=side,
        quantity=Decimal(quantity),
        product=product,
        order_type=types[limit is not None, trigger is not None],
        validity=validity,
        limit_price=None if limit is None else Decimal(limit),
        trigger_price=None if trigger is None else Decimal(trigger),
        order_id=f"ord-{tag}",
        account_id=account_id,
        plan_id="plan-1",
        leg=0,
        slice=0,
        tag=a_tag(tag),
    )
