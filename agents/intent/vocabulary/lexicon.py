"""One look-up over all the tables."""

from collections import defaultdict
from typing import Final

from agents.intent.normalise import read
from agents.intent.vocabulary.orders import ORDER_PHRASES
from agents.intent.vocabulary.tags import Tag
from agents.intent.vocabulary.talk import REFUSED, TALK_PHRASES

Meaning = tuple[Tag, str]


def _rows() -> tuple[tuple[Tag, str, str], ...]:
    refused = tuple((Tag.REFUSE, reason, phrases) for reason, phrases in REFUSED.items())
    return (*ORDER_PHRASES, *TALK_PHRASES, *refused)


def _build() -> dict[str, dict[Tag, str]]:
    table: defaultdict[str, dict[Tag, str]] = defaultdict(dict)
    for tag, value, phrases in _rows():
        for phrase in phrases.split("|"):
            reading = read(phrase)
            table[reading.phrase(0, len(reading.tokens))].setdefault(tag, value)
    return dict(table)


LEXICON: Final[dict[str, dict[Tag, str]]] = _build()
LONGEST: Final = max(len(read(phrase).tokens) for phrase in LEXICON)
