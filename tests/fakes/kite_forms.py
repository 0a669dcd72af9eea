"""What the Kite MCP server makes of a call's arguments before it asks Kite, as recorded."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

Arguments = Mapping[str, JsonValue]
Form = dict[str, str]

REQUIRED: Final = {
    "place_order": (
        "variety",
        "exchange",
        "tradingsymbol",
        "transaction_type",
        "quantity",
        "product",
        "order_type",
    ),
    "modify_order": ("variety", "order_id", "order_type"),
    "cancel_order": ("variety", "order_id"),
    "get_order_trades": ("order_id",),
    "get_order_history": ("order_id",),
    "search_instruments": ("query",),
}
PLACE_TEXTS: Final = (
    "exchange",
    "tradingsymbol",
    "transaction_type",
    "product",
    "order_type",
    "validity",
    "tag",
)
PLACE_WHOLE: Final = ("validity_ttl", "disclosed_quantity", "iceberg_legs", "iceberg_quantity")


def argument_fault(tool: str, arguments: Arguments) -> str | None:
    """Return what the server says of a missing or empty argument; it says so before all else."""
    for name in REQUIRED.get(tool, ()):
        value = arguments.get(name)
        if value is None:
            return f"parameter '{name}': is required"
        if value == "":
            return f"parameter '{name}': cannot be empty"
    return None


def place_form(arguments: Arguments) -> Form:
    """Return the form of a new order: unknown arguments, wrong types and zeros are dropped."""
    form = {name: _text(arguments.get(name)) for name in PLACE_TEXTS}
    form["quantity"] = _whole(arguments.get("quantity"), default=1)
    form |= {name: _whole(arguments.get(name), default=0) for name in PLACE_WHOLE}
    form |= {name: _float(arguments.get(name)) for name in ("price", "trigger_price")}
    return _without_zeros(form)


def modify_form(arguments: Arguments) -> Form:
    """Return the form of a change; a quantity not given is 1."""
    form = {name: _text(arguments.get(name)) for name in ("order_type", "validity")}
    form["quantity"] = _whole(arguments.get("quantity"), default=1)
    form["disclosed_quantity"] = _whole(arguments.get("disclosed_quantity"), default=0)
    form |= {name: _float(arguments.get(name)) for name in ("price", "trigger_price")}
    return _without_zeros(form)


def page(rows: list[JsonValue], arguments: Arguments) -> JsonValue:
    """Return the rows from an offset, wrapped only when a limit above 0 is given as a number."""
    start, limit = int(_whole(arguments.get("from"), 0)), int(_whole(arguments.get("limit"), 0))
    rest = rows[max(start, 0) :]
    if limit <= 0:
        return rest
    shown = rest[:limit]
    return {
        "data": shown,
        "pagination": {
            "from": start,
            "limit": limit,
            "total": len(rows),
            "has_more": start + limit < len(rows),
            "returned": len(shown),
        },
    }


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: JsonValue, default: int) -> str:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(int(value)) if number else str(default)  # type: ignore[arg-type]


def _float(value: JsonValue) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "0"
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _without_zeros(form: Form) -> Form:
    return {name: value for name, value in form.items() if value not in {"", "0"}}
