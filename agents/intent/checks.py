"""Values that can never be traded, whoever holds what at whatever price."""

from decimal import Decimal
from typing import Final

from agents.intent.model import Problem, SaidValidity, TradeDraft
from agents.intent.problems import problem
from riskgate.contracts.base import decimal_text
from riskgate.contracts.intents import Offset, OffsetKind, SizingMethod

LARGEST: Final = Decimal(1_000_000_000)
LARGEST_AMOUNT: Final = Decimal(1_000_000_000_000)
COUNTED: Final = frozenset({SizingMethod.QUANTITY, SizingMethod.LOTS})
PERCENTAGES: Final = frozenset({SizingMethod.EQUITY_PCT, SizingMethod.RISK_PCT})
PRICE_FIELDS: Final = ("limit_price", "trigger_price")
OFFSET_FIELDS: Final = ("stop_loss", "target")


def value_problems(trade: TradeDraft) -> tuple[Problem, ...]:
    """Return a problem for each value that no market would take, in the person's own words."""
    return (*_size_problems(trade), *_price_problems(trade), *unavailable(trade))


def unavailable(trade: TradeDraft) -> tuple[Problem, ...]:
    """Return a problem for each thing that is understood but cannot be done yet."""
    found = []
    if trade.condition is not None and not trade.entry_rules:
        found.append(_not_available(trade, "condition", "conditions that must be watched"))
    if trade.trailing_stop is not None:
        found.append(_not_available(trade, "trailing_stop", "stops that trail the price"))
    if trade.validity in {SaidValidity.GTT, SaidValidity.GTC}:
        found.append(_not_available(trade, "validity", "orders that stand for days"))
    for name in OFFSET_FIELDS:
        offset: Offset | None = getattr(trade, name)
        if offset is not None and offset.kind is OffsetKind.ATR:
            found.append(_not_available(trade, name, "distances in ATR"))
    return tuple(found)


def _not_available(trade: TradeDraft, name: str, what: str) -> Problem:
    source = trade.provenance.get(name)
    return problem("NOT_AVAILABLE", name, source.text if source else name, what)


def _size_problems(trade: TradeDraft) -> list[Problem]:
    if trade.sizing is None:
        return []
    why = _why_no_size(trade.sizing.method, trade.sizing.value)
    said = _said(trade, "sizing", trade.sizing.value)
    return [problem("QUANTITY_INVALID", "size", said, why)] if why else []


def _why_no_size(method: SizingMethod, value: Decimal) -> str:
    if value <= 0:
        return "it must be more than zero"
    if method in COUNTED and value >= LARGEST:
        return "it is 1000000000 or more"
    if value > LARGEST_AMOUNT:
        return "it is more than 1000000000000"
    if method in COUNTED and value != value.to_integral_value():
        return "shares and lots are whole"
    if method is SizingMethod.FRACTION and value > 1:
        return "it is more than all of the position"
    if method in PERCENTAGES and value > 100:
        return "it is more than 100 percent"
    return ""


def _price_problems(trade: TradeDraft) -> list[Problem]:
    values: dict[str, Decimal | None] = {name: getattr(trade, name) for name in PRICE_FIELDS}
    for name in OFFSET_FIELDS:
        offset: Offset | None = getattr(trade, name)
        values[name] = offset.value if offset else None
    return [
        problem("PRICE_INVALID", name, _said(trade, name, value), why)
        for name, value in values.items()
        if value is not None and (why := _why_no_price(value))
    ]


def _why_no_price(value: Decimal) -> str:
    if value <= 0:
        return "it must be more than zero"
    return "it is more than 1000000000" if value > LARGEST else ""


def _said(trade: TradeDraft, name: str, value: Decimal) -> str:
    source = trade.provenance.get(name)
    return source.text if source else decimal_text(value)
