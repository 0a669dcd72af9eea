"""What a cell's text is: a number, a day, or text. Nothing is calculated, formulas least of all."""

import re
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

# Digits of other scripts look like ours and are not.
_PLAIN: Final = re.compile(r"-?(?:0|[1-9]\d{0,27})(?:\.\d{1,18})?", re.ASCII)
_WRITTEN: Final = re.compile(
    r"(?P<open>\()?(?P<sign>[-+−]?)\s?(?P<money>₹|Rs\.?|INR|\$|USD|€|£)?\s?(?P<sign2>[-−]?)"
    r"(?P<digits>\d{1,3}(?:,\d{2,3})+(?:\.\d{1,18})?|\d{1,28}(?:\.\d{0,18})?|\.\d{1,18})"
    r"(?P<power>[eE][+-]?\d{1,2})?(?P<close>\))?",
    re.ASCII,
)
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?.{0,6})?")
_NAMED: Final = re.compile(r"(\d{1,2})[- /]([A-Za-z]{3})[a-z]*[- /,]{1,2}(\d{4})")
# Which of the two is the month cannot be told from one cell.
_SLASHED: Final = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}(?: \d{1,2}:\d{2}(?::\d{2})?)?")
_MONTHS: Final = {
    name: at
    for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)  # noqa: SIM905
}
_RUPEES: Final = frozenset({"₹", "Rs", "Rs.", "INR"})
_DOLLARS: Final = frozenset({"$", "USD"})
LONGEST_NUMBER: Final = 48
BIGGEST_POWER: Final = 18


class NumberCell(NamedTuple):
    """A number and the currency written beside it, if one is."""

    value: Decimal
    currency: str = ""


def number(text: str) -> NumberCell | None:
    """Read a number as people and spreadsheets write it; None for anything else.

    One that begins with a zero and goes on is a code, such as 007, and no number.
    """
    if len(text) > LONGEST_NUMBER:
        return None
    if _PLAIN.fullmatch(text):
        return NumberCell(Decimal(text))
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or bool(found["open"]) is not bool(found["close"]):
        return None
    digits = found["digits"].replace(",", "")
    signs = [sign for sign in (found["sign"], found["sign2"]) if sign]
    if len(signs) > 1 or _is_code(digits) or not _groups_well(found["digits"]):
        return None
    value = Decimal(digits + (found["power"] or ""))
    if abs(value.adjusted()) > BIGGEST_POWER + len(digits):
        return None
    negative = bool(found["open"]) or bool(signs and signs[0] != "+")
    return NumberCell(-value if negative else value, _currency(found["money"] or ""))


def _currency(sign: str) -> str:
    if sign in _RUPEES:
        return "INR"
    return "USD" if sign in _DOLLARS else sign


def _is_code(digits: str) -> bool:
    return len(digits) > 1 and digits[0] == "0" and digits[1] != "."


def _groups_well(written: str) -> bool:
    """Say whether commas group digits as in India or abroad: 1,00,000 or 100,000, not 1,00."""
    whole = written.partition(".")[0].split(",")
    return len(whole) == 1 or (
        len(whole[-1]) == 3 and len({len(group) for group in whole[1:-1]}) <= 1
    )


def day(text: str) -> tuple[bool, date | None]:
    """Say whether a text is a day, and which one where that can be told for certain."""
    found = _ISO.fullmatch(text)
    if found is not None:
        return _day(int(found[1]), int(found[2]), int(found[3]))
    found = _NAMED.fullmatch(text)
    if found is not None:
        return _day(int(found[3]), _MONTHS.get(found[2].lower(), 0), int(found[1]))
    return _SLASHED.fullmatch(text) is not None, None


def _day(year: int, month: int, of_month: int) -> tuple[bool, date | None]:
    try:
        return True, date(year, month, of_month)
    except ValueError:
        return False, None
