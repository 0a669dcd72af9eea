"""When an answer of the stand-in is like a recorded one: the same words, other ids and times."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

MASKS: Final = (
    (re.compile(r"https?://[^/\s)]+/connect/login"), "LOGIN"),
    (re.compile(r"kitemcp-[0-9a-f-]{36}"), "SESSION"),
    (re.compile(r"%7C\d+\.[A-Za-z0-9_-]+%3D"), "SIGNATURE"),
    (re.compile(r"api_key=\w+"), "api_key=KEY"),
)
SECRETS: Final = frozenset({"api_key", "checksum", "request_token", "access_token"})


def answer_differences(recorded: str, ours: str) -> list[str]:
    """Return how two texts of tools differ beyond ids, times and amounts."""
    theirs, mine = _read(recorded), _read(ours)
    if theirs is None or mine is None:
        same = masked(recorded) == masked(ours)
        return [] if same else [f"text {masked(ours)[:200]!r}"]
    found = [f"{place} is {kind}" for place, kind in walk(mine[0]) - walk(theirs[0])]
    missed = {place for place, _ in walk(theirs[0])} - {place for place, _ in walk(mine[0])}
    found += [f"{place} is missing" for place in missed if "iceberg" not in place]
    told, shown = _page_figures(theirs[0]), _page_figures(mine[0])
    return sorted(found) + ([] if told == shown else [f"page {shown}"])


def without_ids_and_times(value: Any) -> Any:
    """Return a JSON value with what no two accounts share left out."""
    if isinstance(value, dict):
        return {
            name: without_ids_and_times(part)
            for name, part in value.items()
            if not name.endswith(("order_id", "timestamp"))
        }
    return [without_ids_and_times(part) for part in value] if isinstance(value, list) else value


def masked(text: str) -> str:
    """Return a text without what differs from one login to the next."""
    for pattern, name in MASKS:
        text = pattern.sub(name, text)
    return text


def upstream_of(asked: Mapping[str, Any], ids: Mapping[str, str]) -> tuple[object, ...]:
    """Return a request to Kite as it is compared; `ids` are ours for the recorded ones."""
    path = "/".join(ids.get(part, part) for part in str(asked["path"]).split("/"))
    fields = (_without_secrets(asked.get(name, "")) for name in ("query", "form"))
    return (asked["method"], path, *fields, asked.get("auth"))


def walk(value: Any) -> set[tuple[str, str]]:
    """Return where in a JSON value is what: kinds of leaves, and the fields in their order."""
    return set(_places(value, "$"))


def _page_figures(value: Any) -> Any:
    figures = value.get("pagination") if isinstance(value, dict) else None
    if figures is not None and any("expiry_date" in row for row in value["data"]):
        # Of a search the total is how many instruments the master has.
        return figures | {"total": 0}
    return figures


def _places(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield place, "fields " + ",".join(value)
        for name, part in value.items():
            yield from _places(part, f"{place}.{name}")
    elif isinstance(value, list):
        yield place, "list" if value else "empty list"
        for part in value:
            yield from _places(part, f"{place}[]")
    else:
        yield place, _kind(value)


def _kind(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return "truth" if isinstance(value, bool) else "null"
    if isinstance(value, (int, float)):
        return "number"
    return "time" if _is_time(str(value)) else "text"


def _is_time(text: str) -> bool:
    try:
        return len(text) > len("2026-03-11") and datetime.fromisoformat(text) is not None
    except ValueError:
        return False


def _read(text: str) -> tuple[Any] | None:
    try:
        return (json.loads(text),)
    except ValueError:
        return None


def _without_secrets(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    hidden = [(name, "x" if name in SECRETS and value else value) for name, value in pairs]
    return urlencode(hidden)
