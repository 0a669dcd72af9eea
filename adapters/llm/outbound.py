"""What must never leave this machine, found in the very text that is about to be sent.

It is better to send nothing than to send one of these, and better to send a price than to take
it for a phone.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from adapters.llm.detectors import DETECTORS, Detector

# A number that is money or has a fraction is no phone, account or order.
MONEY_BEFORE: Final = re.compile(r"(?:(?:₹|\$|€|£|\brs\.?|\binr|\busd)\s*|\d\.)$", re.IGNORECASE)
MONEY_AFTER: Final = re.compile(r"^(?:\.\d|\s*(?:rupees|rs\b|inr\b|usd\b|shares|qty|lots|%))")


def kinds_found(texts: Iterable[str], never: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the kinds of forbidden things in some texts, none twice; none of their words.

    `never` are known secrets of this installation, found wherever they stand.
    """
    found: dict[str, None] = {}
    for text in texts:
        plain = _plain(text)
        if any(secret and secret in text for secret in never):
            found["KNOWN_SECRET"] = None
        for detector in DETECTORS:
            if detector.kind not in found and _finds(detector, plain):
                found[detector.kind] = None
    return tuple(found)


def _finds(detector: Detector, text: str) -> bool:
    return any(
        detector.holds(match.group())
        for match in detector.pattern.finditer(text)
        if not (detector.bare_number and _is_money(text, match))
    )


def _is_money(text: str, match: re.Match[str]) -> bool:
    before, after = text[max(0, match.start() - 8) : match.start()], text[match.end() :][:12]
    return bool(MONEY_BEFORE.search(before) or MONEY_AFTER.search(after))


def _plain(text: str) -> str:
    """Undo what hides a number from a pattern: wide and foreign digits, invisible characters."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(_plain_char(char) for char in folded)


def _plain_char(char: str) -> str:
    if unicodedata.category(char) == "Cf":
        return ""
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.digit(char))
    if unicodedata.category(char) in {"Pd", "Zs"}:
        return "-" if unicodedata.category(char) == "Pd" else " "
    return char


def strings_in(value: object) -> Iterator[str]:
    """Yield every text, key and number within a JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from strings_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_in(item)
    elif isinstance(value, str):
        yield value
    elif value is not None and not isinstance(value, bool):
        yield str(value)
