"""Names in one form, so that equal names are equal text and look-alikes are no names at all."""

import unicodedata
from typing import Final

MAX_NAME_LENGTH: Final = 120

# Typed by ordinary keyboards for the plain character; every other one beyond ASCII is refused.
_PLAIN: Final = {0x2019: "'", 0x2018: "'", 0x00A0: " ", 0x3000: " "}
_FULLWIDTH: Final = range(0xFF01, 0xFF5F)


def fold_name(text: str) -> str | None:
    """Return a name in the one form all names are compared in, or None for what is no name.

    Full-width forms are NFKC-folded. Letters of other scripts, zero-width, bidirectional and
    control characters make it None: INFY with a Cyrillic letter is not INFY.
    """
    if len(text) > MAX_NAME_LENGTH:
        return None
    plain = text.translate(_PLAIN)
    if not all(_may_name(character) for character in plain):
        return None
    return " ".join(unicodedata.normalize("NFKC", plain).casefold().split()) or None


def _may_name(character: str) -> bool:
    return " " <= character <= "~" or ord(character) in _FULLWIDTH
