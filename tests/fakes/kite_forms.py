"""What the Kite MCP server makes of a call's arguments before it asks Kite, as recorded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Final, TypeGuard

from pydantic import JsonValue

Arguments = Mapping[str, JsonValue]
Form = dict[str, str]

INSTRUMENTS: Final = ("instruments",)
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
    "get_quotes": INSTRUMENTS,
    "get_ltp": INSTRUMENTS,
    "get_ohlc": INSTRUMENTS,
    "get_historical_data": ("instrument_token", "from_date", "to_date", "interval"),
    "place_gtt_order": (
        "exchange",
        "tradingsymbol",
        "last_price",
        "transaction_type",
        "product",
        "trigger_type",
    ),
    "modify_gtt_order": (
        "trigger_id",
        "exchange",
        "tradingsymbol",
        "last_price",
        "transaction_type",
        "trigger_type",
    ),
    "delete_gtt_order": ("trigger_id",),
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
TRIGGERS: Final = ("single", "two-leg")
TRUE_WORDS: Final = frozenset({"true", "True", "TRUE", "1", "yes", "Yes", "YES", "on", "On", "ON"})
# An exponent from which the server's language writes a number with it [not recorded].
EXPONENT_FROM: Final = 6


def argument_fault(tool: str, arguments: Arguments) -> str | None:
    """Return what the server says of an argument; it says so before it looks at the session."""
    for name in REQUIRED.get(tool, ()):
        value = arguments.get(name)
        if value is None:
            return f"parameter '{name}': is required"
        if value in ("", []):
            return f"parameter '{name}': cannot be empty"
    return _fault_of_a_value(tool, arguments)


def place_form(arguments: Arguments) -> Form:
    """Return the form of a new order: unknown arguments, wrong types and zeros are dropped."""
    form = {name: text(arguments.get(name)) for name in PLACE_TEXTS}
    form["quantity"] = _whole(arguments.get("quantity"), default=1)
    form |= {name: _whole(arguments.get(name), default=0) for name in PLACE_WHOLE}
    form |= {name: _float(arguments.get(name)) for name in ("price", "trigger_price")}
    return _without_zeros(form)


def modify_form(arguments: Arguments) -> Form:
    """Return the form of a change; a quantity not given is 1."""
    form = {name: text(arguments.get(name)) for name in ("order_type", "validity")}
    form["quantity"] = _whole(arguments.get("quantity"), default=1)
    form["disclosed_quantity"] = _whole(arguments.get("disclosed_quantity"), default=0)
    form |= {name: _float(arguments.get(name)) for name in ("price", "trigger_price")}
    return _without_zeros(form)


def page(rows: Sequence[JsonValue], arguments: Arguments) -> JsonValue:
    """Return the rows from an offset, wrapped only when a limit above 0 is given as a number."""
    start, limit = whole(arguments.get("from"), 0), whole(arguments.get("limit"), 0)
    rest = list(rows[max(start, 0) :])
    if limit <= 0:
        return rest
    shown = rest[:limit]
    return {
        "data": shown,
        "pagination": {
            "from": start,
            "limit": limit,
            "total": len(rows),
            "has_more": start + len(shown) < len(rows),
            "returned": len(shown),
        },
    }


def text(value: JsonValue) -> str:
    """Return a text as it is, another value as the server's language prints it, None as empty."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_number(value):
        return _printed(float(value))
    return str(value)


def texts(value: JsonValue) -> list[str]:
    """Return the texts of a list; anything that is no list has none."""
    items = value if isinstance(value, list) else []
    return [written for written in map(text, items) if written]


def whole(value: JsonValue, default: int) -> int:
    """Return a number without its fraction; the default for anything that is no number."""
    return int(value) if _is_number(value) else default


def real(value: JsonValue) -> float:
    """Return a number; 0 for anything that is none."""
    return float(value) if _is_number(value) else 0.0


def truth(value: JsonValue) -> bool:
    """Return a truth value, or what one of the words for yes says."""
    return value if isinstance(value, bool) else value in TRUE_WORDS


def moment(value: JsonValue) -> datetime | None:
    """Return a time written YYYY-MM-DD HH:MM:SS, without a zone; None for anything else."""
    try:
        return datetime.strptime(text(value), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - has no zone
    except ValueError:
        return None


def _is_number(value: JsonValue) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _fault_of_a_value(tool: str, arguments: Arguments) -> str | None:
    match tool:
        case "get_ltp" | "get_ohlc" if not texts(arguments["instruments"]):
            return "At least one instrument must be specified"
        case "place_gtt_order" | "modify_gtt_order" if arguments["trigger_type"] not in TRIGGERS:
            return "Invalid trigger_type. Must be 'single' or 'two-leg'"
        case "search_instruments" if arguments.get("filter_on") == "underlying":
            if text(arguments["query"]).count(":") > 1:
                return "Invalid query format, specify exch:underlying, where exchange is BFO/NFO"
        case "get_historical_data":
            for name in ("from_date", "to_date"):
                if moment(arguments[name]) is None:
                    return f"Failed to parse {name}, use format YYYY-MM-DD HH:MM:SS"
    return None


def _whole(value: JsonValue, default: int) -> str:
    return str(whole(value, default))


def _float(value: JsonValue) -> str:
    written = format(Decimal(repr(real(value))), "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def _printed(value: float) -> str:
    digits = f"{Decimal(repr(value)).normalize():e}"
    mantissa, exponent = digits.split("e")
    if not -5 < int(exponent) < EXPONENT_FROM:
        return f"{mantissa}e{int(exponent):+03d}"
    return _float(value)


def _without_zeros(form: Form) -> Form:
    return {name: value for name, value in form.items() if value not in {"", "0"}}
