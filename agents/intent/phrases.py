"""Which phrases of a table stand in a message, whatever stands around them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agents.intent.normalise import LONGEST_PHRASE, Reading
from agents.intent.vocabulary.lexicon import folded


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase at a place: tokens `first` to `first + count`, and the row of the table it is of."""

    row: str
    first: int
    count: int

    @property
    def places(self) -> frozenset[int]:
        return frozenset(range(self.first, self.first + self.count))


class PhraseTable:
    """Rows of phrases; a phrase may stand in several rows."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        table: dict[str, list[str]] = {}
        for row, phrases in rows:
            for phrase in phrases.split("|"):
                table.setdefault(folded(phrase), []).append(row)
        self._rows: Mapping[str, tuple[str, ...]] = {
            said: tuple(dict.fromkeys(rows)) for said, rows in table.items()
        }

    def found(self, reading: Reading) -> tuple[Found, ...]:
        """Return every phrase in a message, the longest at each place first."""
        return tuple(
            Found(row, first, count)
            for first, said in enumerate(reading.phrases)
            for count in range(min(LONGEST_PHRASE, len(said)), 0, -1)
            for row in self._rows.get(said[count - 1], ())
        )
