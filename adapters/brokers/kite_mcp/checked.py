"""What a call may carry, by the pinned schema of its tool. Pure.

The server drops what it does not know and turns what it does not like into something else, so
nothing leaves that the schema does not name in just this type.
"""

import math
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from adapters.brokers.kite_mcp.catalogue import WHOLE, schemas


def argument_fault(tool: str, arguments: Mapping[str, JsonValue]) -> str | None:
    """Return why a tool must not be called with these arguments; None when it may."""
    schema = schemas().get(tool)
    if schema is None:
        return f"{tool} is no tool of Kite's server that is known here"
    known = _part(schema.get("properties"))
    required = schema.get("required")
    for name in required if isinstance(required, Sequence) else ():
        if arguments.get(name) in (None, ""):
            return f"{tool} needs {name}"
    for name, value in arguments.items():
        if name not in known:
            return f"{tool} takes no {name}"
        wrong = _value_fault(name, value, _part(known[name]))
        if wrong is not None:
            return f"{name} of {tool} {wrong}"
    return None


def _value_fault(name: str, value: JsonValue, schema: Mapping[str, object]) -> str | None:
    fault = {
        "string": _text_fault,
        "number": _number_fault,
        "boolean": _flag_fault,
        "array": _list_fault,
    }[str(schema.get("type"))](value, schema)
    if fault is None and name in WHOLE and not isinstance(value, int):
        return f"must be a whole number, was {value!r}"
    return fault


def _text_fault(value: JsonValue, schema: Mapping[str, object]) -> str | None:
    if not isinstance(value, str):
        return f"must be text, was {type(value).__name__}"
    allowed, longest = schema.get("enum"), schema.get("maxLength")
    if isinstance(allowed, Sequence) and value not in allowed:
        return f"must be one of {', '.join(map(str, allowed))}"
    if isinstance(longest, int) and len(value) > longest:
        return f"must have at most {longest} characters"
    return None


def _number_fault(value: JsonValue, schema: Mapping[str, object]) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"must be a number, was {type(value).__name__}"
    if not math.isfinite(value):
        return "must be finite"
    least = schema.get("minimum")
    if isinstance(least, int) and value < least:
        return f"must be at least {least}"
    return None


def _flag_fault(value: JsonValue, _schema: Mapping[str, object]) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false, was {type(value).__name__}"


def _list_fault(value: JsonValue, _schema: Mapping[str, object]) -> str | None:
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return None if texts else "must be a list of texts"


def _part(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
