"""Which sheet and column of a file a person's words mean; several that fit are none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from riskgate.contracts.files import CellType, ColumnFacts, FileFacts, Meaning, SheetFacts

_APART: Final = re.compile(r"[\W_]+")
_NUMBERED: Final = re.compile(r"(?:column |col |no )?(\d{1,3})")
# People's words for what a column is for; a name of the file itself wins over these.
WORDS: Final = {
    Meaning.SYMBOL: "symbol|symbols|stock|stocks|share|ticker|scrip|instrument|tradingsymbol",
    Meaning.EXCHANGE: "exchange",
    Meaning.SIDE: "side|type|trade type|buy sell",
    Meaning.QUANTITY: "quantity|quantities|qty|shares|units|size",
    Meaning.PRICE: "price|prices|rate|avg price|average price|cost",
    Meaning.VALUE: "value|amount|worth|turnover",
    Meaning.PNL: "pnl|p l|profit|gain|gains|profit and loss|p and l",
    Meaning.PRODUCT: "product",
    Meaning.DATE: "date|day|time",
    Meaning.ISIN: "isin",
}
MEANT: Final = {word: meaning for meaning, words in WORDS.items() for word in words.split("|")}


@dataclass(frozen=True, slots=True)
class Place:
    """A sheet of a file, by its position."""

    file: FileFacts
    at: int

    @property
    def sheet(self) -> SheetFacts:
        return self.file.sheets[self.at]


def places_in(files: Sequence[FileFacts], words: str | None) -> list[Place]:
    """Return the sheets that words name, all with columns without any; those in sight first."""
    found = [Place(file, at) for file in files for at in range(len(file.sheets))]
    if words is not None:
        wanted = simple(words)
        return [place for place in found if _names(place, wanted)]
    filled = [place for place in found if place.sheet.columns] or found
    return sorted(filled, key=lambda place: place.sheet.hidden)


def column_at(sheet: SheetFacts, words: str) -> int | None:
    """Return the one column that words mean: by its name, its number, what it is for, or a part
    of its name."""
    wanted = simple(words)
    names = [simple(column.name) for column in sheet.columns]
    exact = [at for at, name in enumerate(names) if name == wanted]
    if exact:
        return exact[0] if len(exact) == 1 else None
    numbered = _NUMBERED.fullmatch(wanted)
    if numbered is not None:
        at = int(numbered[1]) - 1
        return at if 0 <= at < len(names) else None
    meant = [
        at for at, c in enumerate(sheet.columns) if c.meaning and c.meaning is MEANT.get(wanted)
    ]
    if meant:
        return meant[0] if len(meant) == 1 else _only_numbers(sheet.columns, meant)
    within = [at for at, name in enumerate(names) if wanted and wanted in name]
    return within[0] if len(within) == 1 else None


def of_meaning(sheet: SheetFacts, meaning: Meaning) -> int | None:
    """Return the only column that is for something."""
    found = [at for at, column in enumerate(sheet.columns) if column.meaning is meaning]
    if len(found) == 1:
        return found[0]
    return _only_numbers(sheet.columns, found) if meaning is Meaning.QUANTITY else None


def simple(text: str) -> str:
    """Write a name as words alone, so that "Avg. price" is what "avg price" says."""
    return " ".join(_APART.sub(" ", text.casefold()).split())


def _only_numbers(columns: Sequence[ColumnFacts], among: Sequence[int]) -> int | None:
    numbers = [at for at in among if columns[at].type is CellType.NUMBER]
    return numbers[0] if len(numbers) == 1 else None


def _names(place: Place, wanted: str) -> bool:
    return simple(place.sheet.name) == wanted or str(place.at + 1) == wanted
