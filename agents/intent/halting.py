"""Words that ask to stop all trading: a person's own hand does that, and is told where."""

from typing import Final

from agents.intent.model import MessageKind, ParsedMessage, QueryDetail, QueryTopic
from agents.intent.normalise import Reading
from agents.intent.phrases import PhraseTable
from agents.intent.vocabulary.halting import ACTS, ALONE, BESIDE_ALONE, OF, POLITE

_WORDS: Final = PhraseTable(
    [("act", ACTS), ("of", OF), ("alone", ALONE), ("beside", BESIDE_ALONE), ("polite", POLITE)]
)
MARKS: Final = frozenset({".", "!", ",", "…"})
HALT: Final = ParsedMessage(kind=MessageKind.QUERY, topic=QueryTopic.RISK, detail=QueryDetail.HALT)


def halting(reading: Reading) -> ParsedMessage | None:
    """Return that a message asks for the kill switch, None where any word of it says more.

    "sab band karo" may mean the positions too: nothing is closed by it.
    """
    found = _WORDS.found(reading)
    covered = frozenset[int]().union(*(each.places for each in found))
    marks = {at for at, token in enumerate(reading.tokens) if token.text in MARKS}
    rows = {each.row for each in found}
    if not covered | marks >= {*range(len(reading.tokens))}:
        return None
    return HALT if "alone" in rows or {"act", "of"} <= rows else None
