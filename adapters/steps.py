"""Steps of quantity and price that every exchange refuses to break."""

from decimal import Decimal

from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument, on_step
from riskgate.contracts.orders import OrderTerms


def step_fault(terms: OrderTerms, instrument: Instrument) -> str | None:
    """Return why the exchange refuses the order's quantity or prices, or None.

    An instrument whose tick is not known takes no order at all.
    """
    return _quantity_fault(terms.quantity, instrument) or _price_fault(terms, instrument)


def _quantity_fault(quantity: Decimal, instrument: Instrument) -> str | None:
    if not on_step(quantity, Decimal(instrument.lot_size)):
        lot, was = instrument.lot_size, decimal_text(quantity)
        return f"quantity must be a multiple of lot size {lot}, was {was}"
    freeze = instrument.freeze_quantity
    if freeze is not None and quantity > freeze:
        most, was = decimal_text(freeze), decimal_text(quantity)
        return f"quantity must be at most the freeze quantity {most}, was {was}; slice it"
    return None


def _price_fault(terms: OrderTerms, instrument: Instrument) -> str | None:
    tick = instrument.tick_size
    if tick is None:
        return f"tick size of {instrument.ref} is not known"
    for name, price in (("price", terms.limit_price), ("trigger price", terms.trigger_price)):
        if price is not None and not on_step(price, tick):
            return f"{name} must be a multiple of tick size {tick}, was {price}"
    return None
