"""Values as text for a terminal: exact decimals, times in India, nothing that acts."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from agents.insights.figures import SIGNS, grouped

NOTHING: Final = "–"
IST: Final = timezone(timedelta(hours=5, minutes=30), "IST")
# Left in a text from outside, these could repaint the terminal or reverse a figure.
UNSAFE: Final = {
    **dict.fromkeys((*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))),
    **dict.fromkeys((0x61C, 0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF)),
    ord("\n"): " ",
    ord("\t"): " ",
}
# JSON escapes what is below these itself, and has line ends of its own.
ESCAPED: Final = {code: f"\\u{code:04x}" for code in UNSAFE if code >= 127}


def safe(value: object) -> str:
    """Return a text that can do nothing to a terminal but be read."""
    return NOTHING if value is None or value == "" else str(value).translate(UNSAFE)


def json_text(value: object, *, indent: int | None = None) -> str:
    """Write plain values as JSON that can do nothing to a terminal but be read.

    Marks that hide or turn what stands beside them are escaped, so the data stay what they are.
    """
    return json.dumps(value, ensure_ascii=False, indent=indent).translate(ESCAPED)


def decimal(value: object, *, currency: str = "INR", places: int = 0) -> str:
    """Group an exact decimal's digits, the Indian way for rupees; `places` pads, never cuts."""
    text = safe(value)
    minus, whole, fraction = _digits(text)
    if whole is None:
        return text
    fraction = fraction.ljust(places, "0")
    return f"{minus}{grouped(whole, currency)}" + (f".{fraction}" if fraction else "")


def money(value: object, currency: str = "INR") -> str:
    """Write an amount or a price with its sign and at least two places."""
    minus, whole, _fraction = _digits(safe(value))
    if whole is None:
        return safe(value)
    sign = SIGNS.get(currency, f"{safe(currency)} ")
    return minus + sign + decimal(value, currency=currency, places=2).removeprefix(minus)


def clock(value: object) -> str:
    """Write a time as people in India read it; anything else stays as it is."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return safe(value)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(IST).strftime("%H:%M:%S IST")


def day_and_clock(value: object) -> str:
    """Write a day and a time of it as people in India read it: 'Tue 01 Dec, 09:15 IST'."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return safe(value)
    return (
        (at if at.tzinfo else at.replace(tzinfo=UTC))
        .astimezone(IST)
        .strftime("%a %d %b, %H:%M IST")
    )


def instrument(value: object) -> str:
    """Write 'NSE:INFY' from that text or from {exchange, tradingsymbol}."""
    if isinstance(value, Mapping):
        return f"{safe(value.get('exchange'))}:{safe(value.get('tradingsymbol'))}"
    return safe(value)


def words(code: object) -> str:
    """PARTIALLY_FILLED becomes 'partially filled'."""
    return safe(code).replace("_", " ").lower()


def sign_of(value: object) -> int:
    """Return 1 for a gain, -1 for a loss, 0 for neither."""
    minus, whole, fraction = _digits(safe(value))
    if whole is None or not (whole + fraction).strip("0"):
        return 0
    return -1 if minus else 1


def _digits(text: str) -> tuple[str, str | None, str]:
    minus = "-" if text.startswith("-") else ""
    whole, point, fraction = text.removeprefix("-").partition(".")
    digits = (whole + fraction).isascii() and whole.isdigit() and (fraction.isdigit() or not point)
    return (minus, whole, fraction) if digits else ("", None, "")
