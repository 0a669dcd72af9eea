"""Stage 2c: a name that goes on in the words of the instrument's full name."""

from collections.abc import Sequence
from dataclasses import replace
from re import findall
from typing import Final

from agents.intent.tag import Item
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import InstrumentRef
from tools.ports import InstrumentDirectory

# How companies of any name are called in full.
LEGAL_FORMS: Final = frozenset(
    {"corporation", "corp", "company", "incorporated", "inc", "plc", "pvt", "private", "limited",
     "ltd", "co"}
)  # fmt: skip


def words_of(ref: InstrumentRef, directory: InstrumentDirectory) -> frozenset[str]:
    """Return the words of an instrument's full name."""
    row = directory.get(ref)
    return frozenset(findall(r"\w+", row.name.casefold())) if row else frozenset()


def with_full_names(
    items: Sequence[Item], directory: InstrumentDirectory, message: str
) -> tuple[Item, ...]:
    """Return the items, unknown words that complete a name put to it: "power grid corporation".

    A word that stands in the name of only some of the candidates leaves these.
    """
    found: list[Item] = []
    for item in items:
        before = found[-1] if found else None
        if before is None or not before.refs or not item.has(Tag.UNKNOWN):
            found.append(item)
            continue
        meant = tuple(ref for ref in before.refs if item.folded in words_of(ref, directory))
        if not meant and item.folded in LEGAL_FORMS:
            meant = before.refs
        if meant:
            text = message[before.start : item.end]
            found[-1] = replace(before, refs=meant, end=item.end, text=text)
        else:
            found.append(item)
    return tuple(found)
