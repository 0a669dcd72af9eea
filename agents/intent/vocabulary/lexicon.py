"""One look-up over all the tables."""

from collections import defaultdict
from typing import Final

from agents.intent.normalise import read
from agents.intent.vocabulary.composed import (
    ADOPT_PHRASES,
    AMEND_PHRASES,
    CALL_PHRASES,
    PART_PHRASES,
    PRICE_PHRASES,
    VERB_PHRASES,
)
from agents.intent.vocabulary.conditions import CONDITION_PHRASES
from agents.intent.vocabulary.contracts import CONTRACT_PHRASES
from agents.intent.vocabulary.manners import MANNER_PHRASES
from agents.intent.vocabulary.orders import LAST_ONLY, ORDER_PHRASES
from agents.intent.vocabulary.tags import Tag
from agents.intent.vocabulary.talk import HASTE_ENDINGS, HASTE_PHRASES, TALK_PHRASES

Rows = tuple[tuple[Tag, str, str], ...]


def folded(phrase: str) -> str:
    """Write a phrase as the tokens of a message would be joined."""
    reading = read(phrase)
    return reading.phrase(0, len(reading.tokens))


def _build(rows: Rows) -> dict[str, dict[Tag, str]]:
    table: defaultdict[str, dict[Tag, str]] = defaultdict(dict)
    for tag, value, phrases in rows:
        for phrase in phrases.split("|"):
            table[folded(phrase)].setdefault(tag, value)
    return dict(table)


# It parts phrases in the tables, and so cannot stand in one: "BUY INFY | SL 1450".
BAR: Final = "|"
LEXICON: Final[dict[str, dict[Tag, str]]] = {BAR: {Tag.COMMA: ""}} | _build(
    (
        *ORDER_PHRASES,
        *CONTRACT_PHRASES,
        *CONDITION_PHRASES,
        *TALK_PHRASES,
        *VERB_PHRASES,
        *PRICE_PHRASES,
        *AMEND_PHRASES,
        *CALL_PHRASES,
        *ADOPT_PHRASES,
        *PART_PHRASES,
        *MANNER_PHRASES,
        *((Tag.HASTE, why, phrases) for why, phrases in HASTE_PHRASES.items()),
        (Tag.HASTE, LAST_ONLY, HASTE_ENDINGS),
    )
)
LONGEST: Final = max(len(read(phrase).tokens) for phrase in LEXICON)
