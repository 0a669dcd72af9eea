"""How the things look that must never leave this machine: a row of the table for each form.

A pattern finds candidates and, where digits alone prove little, a test judges them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

DIHEDRAL: Final = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
PERMUTED: Final = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
PAN_HOLDERS: Final = "ABCFGHJLPT"
EPOCHS: Final = (10, 13, 16, 19)


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of thing that stays here: how it looks, and what else must be true of it."""

    kind: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = lambda _: True
    bare_number: bool = False


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def is_aadhaar(text: str) -> bool:
    """Say whether twelve digits carry the check digit of Verhoeff's scheme."""
    digits = _digits(text)
    if len(digits) != 12 or digits[0] in "01":
        return False
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(DIHEDRAL[check][int(PERMUTED[place % 8][int(digit)])])
    return check == 0


def is_order_id(text: str) -> bool:
    """Say whether a long number is an order's: it starts with a day, or is no moment in time."""
    if len(text) == 15:
        return _is_day(text[:6])
    return not (len(text) in EPOCHS and text.startswith(("15", "16", "17", "18", "19")))


def _is_day(text: str) -> bool:
    try:
        date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return False
    return True


def _mixes(text: str) -> bool:
    return any(char.isdigit() for char in text) and any(char.isalpha() for char in text)


def is_international(text: str) -> bool:
    """Say whether a number with a plus is a phone's; an unbroken short one may be a gain."""
    if re.fullmatch(r"\+\d+\.\d+", text):
        return False
    digits, plain = _digits(text), text[1:].isdigit()
    return (10 if plain else 8) <= len(digits) <= 15


def _has_digit_after_the_zero(text: str) -> bool:
    return any(char.isdigit() for char in text[5:])


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


APART: Final = r"(?<![a-z0-9])"
ENDS: Final = r"(?![a-z0-9])"
SECRET_NAMES: Final = (
    r"access[_ ]?token|api[_ ]?key|api[_ ]?secret|password|passwd|secret|cookie|session[_ ]?id|"
    r"enctoken|request[_ ]?token|totp|otp"
)
HEX4: Final = r"[0-9a-f]{4}"

DETECTORS: Final = (
    Detector("PAN", _re(rf"{APART}[a-z]{{3}}[{PAN_HOLDERS}][a-z]\d{{4}}[a-z]{ENDS}")),
    Detector(
        "AADHAAR",
        _re(r"(?<!\d)\d{4}([ -]?)\d{4}\1\d{4}(?!\d)"),
        is_aadhaar,
        bare_number=True,
    ),
    # Indian mobiles, whole and in groups
    Detector(
        "PHONE",
        _re(r"(?<![\d+.])(?:\+?91[ -]?|0)?[6-9]\d{4}[ -]?\d{5}(?!\d)"),
        bare_number=True,
    ),
    Detector("PHONE", _re(r"(?<![\d+])[6-9]\d{2}[ -]\d{3}[ -]\d{4}(?!\d)"), bare_number=True),
    # American ones, and any with a country's code
    Detector("PHONE", _re(r"(?<!\d)\(\d{3}\) ?\d{3}[ -]\d{4}(?!\d)")),
    Detector("PHONE", _re(r"(?<![\d-])\d{3}-\d{3}-\d{4}(?![\d-])")),
    Detector(
        "PHONE",
        _re(r"(?<![\d+])\+[1-9](?:[ ().-]{0,2}\d){7,14}(?!\d)"),
        is_international,
        bare_number=True,
    ),
    Detector("EMAIL", _re(r"[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}")),
    Detector("IFSC", _re(rf"{APART}[a-z]{{4}}0[a-z0-9]{{6}}{ENDS}"), _has_digit_after_the_zero),
    Detector(
        "BANK_ACCOUNT",
        _re(r"\b(?:a/c|acct?|account|khata)\b[^\d\n]{0,24}\d(?:[ -]?\d){8,17}(?!\d)"),
    ),
    # our own keys, Kite's sessions, signed tokens, and what other services give out
    Detector("TOKEN", _re(rf"{APART}st_[a-z0-9_-]{{12,}}")),
    Detector("TOKEN", _re(r"kitemcp-[a-z0-9-]{8,}")),
    Detector("TOKEN", _re(r"eyJ[a-z0-9_-]{8,}\.[a-z0-9_-]{4,}\.[a-z0-9_-]*")),
    Detector("TOKEN", _re(r"\bbearer\s+[a-z0-9._~+/=-]{8,}")),
    Detector("TOKEN", _re(rf"{APART}(?:sk|pk|rk)[-_][a-z0-9_-]{{12,}}")),
    Detector("TOKEN", _re(rf"{APART}(?:AKIA|ASIA)[A-Z0-9]{{16}}|AIza[a-z0-9_-]{{30,}}")),
    Detector("TOKEN", _re(r"gh[pousr]_[a-z0-9]{20,}|xox[abpr]-[a-z0-9-]{10,}")),
    Detector("TOKEN", _re(r"-----BEGIN [A-Z ]*PRIVATE KEY")),
    Detector("TOKEN", _re(rf"{APART}[a-z0-9]{{32,}}{ENDS}"), _mixes),
    Detector("SECRET", _re(rf"\b(?:{SECRET_NAMES})\b\s*(?:is|[:=])\s*\S")),
    # ids: ours, a UUID, a broker's long number
    Detector("ORDER_ID", _re(rf"{APART}[a-z]{{2,4}}_[0-9a-f]{{20}}{ENDS}")),
    Detector("ORDER_ID", _re(rf"{APART}{HEX4}{HEX4}(?:-{HEX4}){{4}}{HEX4}{HEX4}{ENDS}")),
    Detector("ORDER_ID", _re(r"(?<![\d.])\d{15,19}(?![\d.])"), is_order_id, bare_number=True),
)
