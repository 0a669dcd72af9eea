"""Figures as people read them: digits in groups, money with its sign. Exact, and nothing is stored.

What the gate said stays as it is recorded, byte for byte; here it is only written for people.
"""

import re
from collections.abc import Collection
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from riskgate.contracts.base import decimal_text
from riskgate.contracts.decisions import LegChange, Violation
from riskgate.contracts.instruments import Currency, Exchange, InstrumentRef

SIGNS: Final = MappingProxyType({"INR": "₹", "USD": "$"})
PLACES: Final = 2
_ABROAD: Final = frozenset({Exchange.NASDAQ, Exchange.NYSE, Exchange.ARCA})
# A whole number or decimal that is no part of a name, an id, a date or a time.
_FIGURE: Final = re.compile(r"(?<![\w.,:/+&-])-?\d+(?:\.\d+)?(?![\w:/%]|[.,-]\w)")
# Figures of the gate that are money; the others are parts or multiples of equity.
_AMOUNTS: Final = frozenset({"equity", "margin_available", "notional", "loss_at_stop"})
# Rules whose limit and figure are money.
_OF_MONEY: Final = frozenset(
    {
        *(f"EXP-00{n}" for n in range(1, 6)),
        *(f"LOSS-00{n}" for n in range(1, 6)),
        "MARGIN-001",
        "ORD-003",
    }
)


def grouped(whole: str, currency: str) -> str:
    """Group the digits of a whole number: 1,00,000 for rupees, 100,000 for other money."""
    step = 2 if currency == Currency.INR else 3
    head, groups = whole[:-3], [whole[-3:]]
    while head:
        groups.insert(0, head[-step:])
        head = head[:-step]
    return ",".join(groups)


def count(value: Decimal, currency: str) -> str:
    """Write a quantity, or a figure that is no money, with all its places."""
    whole, point, fraction = decimal_text(abs(value)).partition(".")
    return f"{'-' * (value < 0)}{grouped(whole, currency)}{point}{fraction}"


def money(value: Decimal, currency: str) -> str:
    """Write an amount with its sign, to the paisa or cent."""
    cut = round(value, PLACES)
    whole, _, fraction = decimal_text(abs(cut)).partition(".")
    return f"{'-' * (cut < 0)}{_sign(currency)}{grouped(whole, currency)}.{fraction:0<{PLACES}}"


def price(value: Decimal, currency: str) -> str:
    """Write a price with its sign, at least to the paisa or cent and never cut."""
    whole, _, fraction = decimal_text(abs(value)).partition(".")
    minus = "-" * (value < 0)
    return f"{minus}{_sign(currency)}{grouped(whole, currency)}.{fraction:0<{PLACES}}"


def metric_name(metric: str) -> str:
    """Say what a figure of the gate is."""
    return metric.removesuffix("_pct").removesuffix("_x").replace("_", " ")


def metric(name: str, value: Decimal, currency: str) -> str:
    """Write a figure of the gate: money, a part of equity in percent, or a multiple of it."""
    if name in _AMOUNTS:
        return money(value, currency)
    if name.endswith("_x"):
        return f"{count(round(value, PLACES), currency)}x equity"
    return f"{count(round(value * 100, PLACES), currency)} %"


def currency_of(ref: InstrumentRef) -> Currency:
    """Return the money that an exchange trades in."""
    return Currency.USD if ref.exchange in _ABROAD else Currency.INR


def for_people(violation: Violation, currency: str) -> Violation:
    """Write the figures of a broken rule as people read them; its own limit and figure stay."""
    amounts = [value for value in (violation.limit, violation.actual) if value is not None]
    of_money = violation.rule_id in _OF_MONEY
    return violation.model_copy(
        update={
            "message": written(violation.message, currency, amounts if of_money else ()),
            "remedy": written(violation.remedy, currency),
        }
    )


def change_for_people(change: LegChange, currency: str) -> LegChange:
    """Write the figures of what would pass as people read them."""
    return change.model_copy(update={"text": written(change.text, currency)})


def written(text: str, currency: str, amounts: Collection[Decimal] = ()) -> str:
    """Group the figures in a text; those that are one of `amounts` are written as money."""

    def one(found: re.Match[str]) -> str:
        value = Decimal(found[0])
        return money(value, currency) if value in amounts else count(value, currency)

    return _FIGURE.sub(one, text)


def _sign(currency: str) -> str:
    return SIGNS.get(currency, f"{currency} ")
