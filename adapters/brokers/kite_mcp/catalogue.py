"""The tools of Kite's server: what each one does, and what it was when it was pinned.

The server marks every tool alike, as a write that destroys, so the marks below are our own. A
tool that is not here is never called.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, NamedTuple

from adapters.mcp.pins import ToolPin


class Kind(StrEnum):
    """What a tool does; each kind has a budget of its own. GTT tools are order tools."""

    LOGIN = "LOGIN"
    READ = "READ"
    SEARCH = "SEARCH"
    QUOTE = "QUOTE"
    HISTORY = "HISTORY"
    PLACE = "PLACE"
    MODIFY = "MODIFY"
    CANCEL = "CANCEL"


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "login": Kind.LOGIN,
        "get_profile": Kind.READ,
        "get_margins": Kind.READ,
        "get_holdings": Kind.READ,
        "get_positions": Kind.READ,
        "get_trades": Kind.READ,
        "get_orders": Kind.READ,
        "get_gtts": Kind.READ,
        "get_mf_holdings": Kind.READ,
        "get_order_history": Kind.READ,
        "get_order_trades": Kind.READ,
        # Answered from the server's memory; Kite is not asked.
        "search_instruments": Kind.SEARCH,
        # All three ask Kite's one quote endpoint.
        "get_quotes": Kind.QUOTE,
        "get_ltp": Kind.QUOTE,
        "get_ohlc": Kind.QUOTE,
        "get_historical_data": Kind.HISTORY,
        "place_order": Kind.PLACE,
        "place_gtt_order": Kind.PLACE,
        "modify_order": Kind.MODIFY,
        "modify_gtt_order": Kind.MODIFY,
        "cancel_order": Kind.CANCEL,
        "delete_gtt_order": Kind.CANCEL,
    }
)
_WRITING: Final = frozenset({Kind.PLACE, Kind.MODIFY, Kind.CANCEL})
WRITES: Final = frozenset(name for name, kind in KINDS.items() if kind in _WRITING)
# Numbers that count things: the server cuts a fraction without a word.
WHOLE: Final = frozenset(
    {
        *("quantity", "upper_quantity", "lower_quantity", "disclosed_quantity"),
        *("iceberg_legs", "iceberg_quantity", "validity_ttl"),
        *("trigger_id", "instrument_token", "from", "limit"),
    }
)


class _Row(NamedTuple):
    pin: ToolPin
    schema: Mapping[str, object]


@cache
def pins() -> Mapping[str, ToolPin]:
    """Return each tool's pin by its name."""
    return {row.pin.name: row.pin for row in _rows()}


@cache
def schemas() -> Mapping[str, Mapping[str, object]]:
    """Return each tool's input schema by its name, without the words for people."""
    return {row.pin.name: row.schema for row in _rows()}


@cache
def _rows() -> tuple[_Row, ...]:
    text = files(__package__).joinpath("pins.json").read_text(encoding="utf-8")
    return tuple(
        _Row(ToolPin(row["name"], row["schema_sha256"], row["description_sha256"]), row["schema"])
        for row in json.loads(text)["tools"]
    )
