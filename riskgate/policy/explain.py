"""What is wrong with one value of a policy, and what to do, in a trader's words."""

from decimal import Decimal

from pydantic_core import ErrorDetails

from riskgate.contracts.base import decimal_text
from riskgate.policy.plain import shown

_BOUNDS = {
    "greater_than": ("must be above", "gt"),
    "greater_than_equal": ("must be at least", "ge"),
    "less_than": ("must be below", "lt"),
    "less_than_equal": ("must be at most", "le"),
}
_WRITE_A_NUMBER = "write a number"
# By type of fault: the message, or none where validation's own is plain enough, and the remedy.
_PLAIN = {
    "number_in_quotes": ("", "remove the quotes"),
    "not_finite": ("", _WRITE_A_NUMBER),
    "not_a_number": ("", _WRITE_A_NUMBER),
    "decimal_type": ("must be a number", _WRITE_A_NUMBER),
    "decimal_parsing": ("must be a number", _WRITE_A_NUMBER),
    "bool_type": ("must be true or false", "write true or false, without quotes"),
    "string_too_short": ("may not be empty", "write a name"),
    "string_pattern_mismatch": ("must be a symbol in capitals", "write INFY or NSE:INFY"),
    "frozen_set_type": ("must be a list", "write it in brackets, [one, two]"),
    "tuple_type": ("must be a list", "write it in brackets, [one, two]"),
}


def explain(error: ErrorDetails) -> tuple[str, str]:
    """Return the message and the remedy for one fault that validation found."""
    value = error["input"]
    if value is None:
        return "may not be null", "write a value, or remove the line to take the default"
    message, remedy = _bound(error) or _kind(error)
    if isinstance(value, dict):
        return message, remedy
    return f"{message}, was {shown(value)}", remedy


def _bound(error: ErrorDetails) -> tuple[str, str] | None:
    if error["type"] not in _BOUNDS:
        return None
    words, key = _BOUNDS[error["type"]]
    bound = error["ctx"][key]
    if key in {"le", "lt"} and bound == 1:
        return f"{words} 1", _as_percent(error["input"])
    return f"{words} {bound}", "correct the number"


def _as_percent(value: object) -> str:
    """Say how a number above 1 is written as the percentage that was meant, most likely."""
    if isinstance(value, Decimal | int) and 1 < value <= 100:
        share = Decimal(value).scaleb(-2).normalize()
        return f"write {value}% or {share:f} for {value} percent"
    return "write 10% or 0.10 for ten percent"


def _kind(error: ErrorDetails) -> tuple[str, str]:
    value = error["input"]
    match error["type"]:
        case "int_type":
            digits = isinstance(value, str) and value.isdigit()
            return "must be a whole number", "remove the quotes" if digits else _WRITE_A_NUMBER
        case "value_error" if isinstance(value, bool):
            return "must be a number", _WRITE_A_NUMBER
        case "value_error":
            return str(error["ctx"]["error"]), "correct it"
        case "string_type":
            return "must be text", f'write "{shown(value)}"'
        case "enum" | "literal_error":
            expected = str(error["ctx"]["expected"]).replace("'", "")
            return f"must be {expected}", "write one of these"
    message, remedy = _PLAIN.get(error["type"], ("", "correct it"))
    return message or error["msg"], remedy


def written_limit(value: object) -> str:
    """Write the value of a limit as a document would, on one line."""
    match value:
        case Decimal():
            return decimal_text(value)
        case frozenset():
            return f"[{', '.join(sorted(value))}]"
    return shown(value)
