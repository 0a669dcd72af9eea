"""What is refused whoever asks."""

from typing import Final

from agents.intent.normalise import Reading
from agents.intent.phrases import Found, PhraseTable
from agents.intent.vocabulary.refusals import HARMLESS, REFUSED, REFUSED_TOGETHER

PROMISED: Final = "guarantee"
PASSED_ON: Final = frozenset({"fwd", "fw", "forwarded", "subject"})

_ALONE: Final = PhraseTable(REFUSED.items())
_HARMLESS: Final = PhraseTable([("harmless", HARMLESS)])
_DOING: Final = PhraseTable((str(at), row[1]) for at, row in enumerate(REFUSED_TOGETHER))
_DONE_TO: Final = PhraseTable((str(at), row[2]) for at, row in enumerate(REFUSED_TOGETHER))


def refused_because(reading: Reading) -> str | None:
    """Return why a message is refused, None when it is not."""
    harmless = frozenset[int]().union(*(found.places for found in _HARMLESS.found(reading)))
    alone = [found for found in _ALONE.found(reading) if not found.places & harmless]
    why = alone[0].row if alone else _together(reading, harmless)
    # What others promise in a message that is passed on, nobody asks for.
    return None if why == PROMISED and reading.tokens[0].text in PASSED_ON else why


def _together(reading: Reading, harmless: frozenset[int]) -> str | None:
    done_to: dict[str, list[Found]] = {}
    for found in _DONE_TO.found(reading):
        if not found.places & harmless:
            done_to.setdefault(found.row, []).append(found)
    if not done_to:
        return None
    for found in _DOING.found(reading):
        others = done_to.get(found.row, ())
        if any(not found.places & other.places for other in others):
            return REFUSED_TOGETHER[int(found.row)][0]
    return None
