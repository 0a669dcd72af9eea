"""Free text that leaves in a tool's answer: always with who wrote it, and nothing hidden in it."""

import unicodedata
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from riskgate.contracts.base import Contract

LONGEST = 2_000
# Controls, formats (bidirectional marks, zero width, tags), private use and surrogates.
HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs"})


class Origin(StrEnum):
    """Who wrote a text; SIGMATRADER's own sentences may quote the others."""

    PERSON = "person"
    MCP_CLIENT = "mcp_client"
    BROKER = "broker"
    INSTRUMENT_MASTER = "instrument_master"
    SIGMATRADER = "sigmatrader"


class Words(Contract):
    """A text as data: to be shown or quoted, never an instruction to follow."""

    origin: Origin
    text: Annotated[str, Field(max_length=LONGEST)]


def words(origin: Origin, text: str) -> Words:
    """Return a text with its origin, cut to a length, without what a reader would not see."""
    seen = "".join(_visible(letter) for letter in text)
    return Words(origin=origin, text=" ".join(seen.split())[:LONGEST])


def words_or_none(origin: Origin, text: str | None) -> Words | None:
    """Return a text with its origin, None for none."""
    return None if text is None else words(origin, text)


def _visible(letter: str) -> str:
    if letter in "\n\t\r":
        return " "
    return "" if unicodedata.category(letter) in HIDDEN else letter
