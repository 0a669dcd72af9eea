"""What each tool of the server asks Kite, and how it writes the answer. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from tests.fakes.kite_forms import (
    Arguments,
    Form,
    modify_form,
    moment,
    page,
    place_form,
    real,
    text,
    texts,
    truth,
    whole,
)
from tests.fakes.kite_wire import NO_TIME, lean

Shape = Callable[[JsonValue], JsonValue]

PLAIN: Final = {"get_profile": "/user/profile", "get_margins": "/user/margins"}
PAGED: Final = {
    "get_holdings": "/portfolio/holdings",
    "get_positions": "/portfolio/positions",
    "get_trades": "/trades",
    "get_orders": "/orders",
    "get_gtts": "/gtt/triggers",
    "get_mf_holdings": "/mf/holdings",
}
QUOTES: Final = ("get_quotes", "get_ltp", "get_ohlc")
QUOTE_PARTS: Final[Mapping[str, Sequence[str]]] = {
    "get_ltp": ("instrument_token", "last_price"),
    "get_ohlc": ("instrument_token", "last_price", "ohlc"),
}


@dataclass(frozen=True)
class Ask:
    """One request to Kite; `shape` makes the tool's answer of Kite's data."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    form: Mapping[str, str] | None = None
    shape: Shape = lambda data: data


def ask_of(tool: str, arguments: Arguments) -> Ask | None:
    """Return what a tool asks Kite; None for one that asks nothing or does not exist."""
    if tool in PLAIN:
        return Ask("GET", PLAIN[tool])
    if tool in PAGED:
        return Ask("GET", PAGED[tool], shape=lambda data: page(_rows(data), arguments))
    if tool in QUOTES:
        wanted = tuple(("i", name) for name in texts(arguments["instruments"]))
        return Ask("GET", "/quote", query=wanted, shape=_quote_shape(tool))
    if tool == "get_historical_data":
        return _history(arguments)
    if "gtt" in tool:
        return _gtt(tool, arguments)
    return _order(tool, arguments)


def _order(tool: str, arguments: Arguments) -> Ask | None:
    variety, order_id = text(arguments.get("variety")), text(arguments.get("order_id"))
    # Raw, as recorded: what a caller writes into an id reaches the path.
    match tool:
        case "place_order":
            return Ask("POST", f"/orders/{variety}", form=place_form(arguments), shape=_order_id)
        case "modify_order":
            path = f"/orders/{variety}/{order_id}"
            return Ask("PUT", path, form=modify_form(arguments), shape=_order_id)
        case "cancel_order":
            return Ask("DELETE", f"/orders/{variety}/{order_id}", shape=_order_id)
        case "get_order_history":
            return Ask("GET", f"/orders/{order_id}")
        case "get_order_trades":
            return Ask("GET", f"/orders/{order_id}/trades")
    return None


def _history(arguments: Arguments) -> Ask:
    token, interval = whole(arguments["instrument_token"], 0), text(arguments["interval"])
    asked = {
        "continuous": str(int(truth(arguments.get("continuous")))),
        "from": str(moment(arguments["from_date"])),
        "instrument_token": str(token),
        "interval": interval,
        "oi": str(int(truth(arguments.get("oi")))),
        "to": str(moment(arguments["to_date"])),
    }
    path = f"/instruments/historical/{token}/{interval}"
    return Ask("GET", path, query=tuple(asked.items()))


def _gtt(tool: str, arguments: Arguments) -> Ask:
    path = f"/gtt/triggers/{whole(arguments.get('trigger_id'), 0)}"
    if tool == "delete_gtt_order":
        return Ask("DELETE", path, shape=_trigger_id)
    if tool == "modify_gtt_order":
        # Whatever product the trigger had: there is no argument for it.
        return Ask("PUT", path, form=gtt_form(arguments, product="CNC"), shape=_trigger_id)
    product = text(arguments["product"])
    return Ask("POST", "/gtt/triggers", form=gtt_form(arguments, product), shape=_trigger_id)


def gtt_form(arguments: Arguments, product: str) -> Form:
    """Return the form of a trigger; legs and prices that are not given become 0."""
    kind = text(arguments["trigger_type"])
    legs = [""] if kind == "single" else ["lower_", "upper_"]
    name = {key: text(arguments[key]) for key in ("exchange", "tradingsymbol")}
    values = [lean(real(arguments.get(f"{leg}trigger_value"))) for leg in legs]
    condition = {
        **name,
        "last_price": lean(real(arguments["last_price"])),
        "trigger_values": values,
    }
    orders = [
        EMPTY_ORDER
        | name
        | {
            "order_type": "LIMIT",
            "transaction_type": text(arguments["transaction_type"]),
            "product": product,
            "quantity": lean(real(arguments.get(f"{leg}quantity"))),
            "price": lean(real(arguments.get(f"{leg}limit_price"))),
        }
        for leg in legs
    ]
    return {"condition": written(condition), "orders": written(orders), "type": kind}


def written(value: object) -> str:
    """Write JSON as the server's language does: no spaces, and no characters of HTML."""
    plain = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for character in "&<>":
        plain = plain.replace(character, f"\\u{ord(character):04x}")
    return plain


EMPTY_ORDER: Final[dict[str, JsonValue]] = {
    "account_id": "",
    "placed_by": "",
    "order_id": "",
    "exchange_order_id": "",
    "parent_order_id": "",
    "status": "",
    "status_message": "",
    "status_message_raw": "",
    "order_timestamp": NO_TIME,
    "exchange_update_timestamp": NO_TIME,
    "exchange_timestamp": NO_TIME,
    "variety": "",
    "modified": False,
    "meta": None,
    "exchange": "",
    "tradingsymbol": "",
    "instrument_token": 0,
    "order_type": "",
    "transaction_type": "",
    "validity": "",
    "validity_ttl": 0,
    "product": "",
    "quantity": 0,
    "disclosed_quantity": 0,
    "price": 0,
    "trigger_price": 0,
    "average_price": 0,
    "filled_quantity": 0,
    "pending_quantity": 0,
    "cancelled_quantity": 0,
    "auction_number": "",
    "tag": "",
    "tags": None,
}


def _rows(data: JsonValue) -> list[JsonValue]:
    """Return a list; Kite's positions are two of them, and the server marks neither."""
    if isinstance(data, dict):
        return [row for part in ("day", "net") for row in _rows(data.get(part))]
    return data if isinstance(data, list) else []


def _quote_shape(tool: str) -> Shape:
    def shape(data: JsonValue) -> JsonValue:
        rows = data if isinstance(data, dict) else {}
        parts = QUOTE_PARTS.get(tool)
        if parts is None:
            return dict(sorted(rows.items()))
        return {
            key: {name: row[name] for name in parts}
            for key, row in sorted(rows.items())
            if isinstance(row, dict)
        }

    return shape


def _order_id(data: JsonValue) -> JsonValue:
    # What else Kite says, the parts of a sliced order among it, is dropped.
    return {"order_id": data.get("order_id", "") if isinstance(data, dict) else ""}


def _trigger_id(data: JsonValue) -> JsonValue:
    return {"trigger_id": data.get("trigger_id", 0) if isinstance(data, dict) else 0}
