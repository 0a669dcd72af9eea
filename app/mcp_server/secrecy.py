"""Keep credentials out of what is stored: a call that carries one is refused unread."""

import re
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

# Our keys, JSON Web Tokens, and the sessions of Kite's server, each of which is a login.
SECRETS: Final = re.compile(
    r"st_[A-Za-z0-9_-]{20,}|kitemcp-[0-9a-fA-F-]{32,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
)
WITHHELD: Final = "[withheld]"
SHOWN_MAX: Final = 120
ITEMS_MAX: Final = 50
# What the audit log says of an argument in words: how long it was, never what it said.
WORDED: Final = frozenset({"message", "query"})


def holds_secret(value: JsonValue) -> bool:
    """Say whether a credential stands anywhere in a value, its names included."""
    if isinstance(value, str):
        return SECRETS.search(value) is not None
    if isinstance(value, Mapping):
        return any(holds_secret(name) or holds_secret(item) for name, item in value.items())
    if isinstance(value, list):
        return any(map(holds_secret, value))
    return False


def redacted(arguments: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return arguments, whatever a client made of them, as the audit log keeps them.

    The log can store every result: a call that was refused for its arguments is recorded, too.
    """
    return {name: _redacted(name, value) for name, value in arguments.items() if value is not None}


def _redacted(name: str, value: JsonValue) -> JsonValue:
    if holds_secret(value):
        return WITHHELD
    if isinstance(value, str):
        return f"{len(value)} letters" if name in WORDED else _storable(value)
    if isinstance(value, list):
        return [_redacted(name, item) for item in value[:ITEMS_MAX]]
    if isinstance(value, Mapping):
        return f"an object of {len(value)}"
    # The log has no fractions; none of our arguments is one.
    return repr(value) if isinstance(value, float) else value


def _storable(text: str) -> str:
    # Half a character and a NUL are what PostgreSQL keeps in no text.
    return text[:SHOWN_MAX].encode("utf-8", "replace").decode().replace("\0", "?")
