"""Somebody's text made fit to be shown: one line, bounded, without characters that hide or turn."""

import unicodedata
from typing import Final

from riskgate.contracts.files import NAME_MAX, SHOWN_MAX

# Control, format (which turns the direction of a line), surrogates, private use, line ends.
HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# A quotation mark in a name could seem to end the quotation that the name stands in.
QUOTES: Final = {ord("“"): '"', ord("”"): '"'}
UNNAMED: Final = "unnamed"


def shown_text(text: str, longest: int = SHOWN_MAX) -> str:
    """Return a text on one line, cut with an ellipsis."""
    # Bounded first: a cell may be long and nobody reads the rest.
    seen = text[: 4 * longest]
    plain = "".join(
        " " if char.isspace() else char
        for char in seen
        if char.isspace() or unicodedata.category(char) not in HIDDEN
    )
    line = " ".join(plain.translate(QUOTES).split())
    return f"{line[:longest]}…" if len(line) > longest else line


def shown_name(text: str, otherwise: str = UNNAMED) -> str:
    """Return a name to show for a file, a sheet or a column; never empty."""
    return shown_text(text, NAME_MAX - 1) or otherwise


def file_name(given: str) -> str:
    """Return a file's name without the folders that a client may have put before it."""
    return shown_name(given.replace("\\", "/").rpartition("/")[2])
