"""Tools held to what they were when somebody looked at them. Pure.

A server can change a tool under its name: what it does, what it asks for, or what its description
tells a model to do. So a tool is pinned by name, input schema and description, and one that is
not exactly its pin is quarantined: it is never called.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from riskgate.hashing import text_hash


@dataclass(frozen=True)
class ListedTool:
    """A tool as a server lists it; every text of it is data."""

    name: str
    description: str
    schema: Mapping[str, object]


@dataclass(frozen=True)
class ToolPin:
    """What a tool was when it was pinned, as SHA-256 in hex."""

    name: str
    schema_sha256: str
    description_sha256: str


@dataclass(frozen=True)
class Drift:
    """How a list of tools is not the pinned one, each part sorted by name.

    `repeated` are pinned names that stand in the list twice, or beside one that reads the same.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


def pin_of(tool: ListedTool) -> ToolPin:
    """Return the pin of a tool as it is listed now."""
    schema = json.dumps(tool.schema, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return ToolPin(tool.name, text_hash(schema), text_hash(tool.description))


def drift(pinned: Mapping[str, ToolPin], listed: Sequence[ListedTool]) -> Drift:
    """Return how the list differs from the pins."""
    names = [tool.name for tool in listed]
    alike = Counter(plain(name) for name in names)
    return Drift(
        added=tuple(sorted(set(names) - set(pinned))),
        removed=tuple(sorted(set(pinned) - set(names))),
        changed=tuple(
            sorted({tool.name for tool in listed if _differs(pinned.get(tool.name), tool)})
        ),
        repeated=tuple(sorted(name for name in pinned if alike[plain(name)] > 1)),
    )


def shadowed(offered: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return the names, as each is written, that read the same at two or more servers."""
    servers = Counter(
        name for names in offered.values() for name in {plain(name) for name in names}
    )
    every = {name for names in offered.values() for name in names}
    return frozenset(name for name in every if servers[plain(name)] > 1)


def quarantined(
    found: Drift, *, pinned: Iterable[str], writes: frozenset[str], shadows: frozenset[str]
) -> frozenset[str]:
    """Return the pinned names that must not be called.

    One write that is not what it was takes every write with it; reads stand each for itself.
    """
    suspects = {*found.removed, *found.changed, *found.repeated, *shadows} & set(pinned)
    return frozenset(suspects | writes if suspects & writes else suspects)


def plain(name: str) -> str:
    """Return a name as an eye reads it: letters and digits, folded, without what is invisible."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in folded if char.isalnum())


def _differs(pin: ToolPin | None, tool: ListedTool) -> bool:
    return pin is not None and pin_of(tool) != pin
