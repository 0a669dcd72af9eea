"""What a reply of the Kite server means. Pure.

The server hides the broker's reasons: a refusal, a rate limit, a dead login and a timeout after
which the order is booked all read `Failed to place order`. Only what is checked before the server
calls Kite is a certain no.
"""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, NoReturn

from adapters.brokers.kite_mcp.fields import Unreadable
from adapters.brokers.kite_mcp.ports import KiteReply
from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown

LOG_IN_FIRST: Final = "Please log in first using the login tool"
_TRIGGER_TYPE_REFUSED: Final = "Invalid trigger_type. Must be 'single' or 'two-leg'"
_ARGUMENT_REFUSED: Final = re.compile(r"parameter '[a-z_]{1,40}': (is required|cannot be empty)")
_ORDER_ID: Final = re.compile(r"[0-9]{1,32}", re.ASCII)
_SHOWN: Final = 120


def order_id_of(tool: str, reply: KiteReply) -> str:
    """Return the order id of a write that worked.

    Raises OrderRejected or BrokerUnavailable only when the call surely did not reach Kite, and
    OutcomeUnknown for every other error, an unreadable answer and an empty id.
    """
    order_id = _named(tool, reply, "order_id")
    if not isinstance(order_id, str) or not _ORDER_ID.fullmatch(order_id):
        raise OutcomeUnknown(f"Kite took {tool} and named no order")
    return order_id


def trigger_id_of(tool: str, reply: KiteReply) -> int:
    """Return the id of a trigger that was written; raises as `order_id_of` does."""
    trigger_id = _named(tool, reply, "trigger_id")
    if isinstance(trigger_id, bool) or not isinstance(trigger_id, int) or trigger_id < 1:
        raise OutcomeUnknown(f"Kite took {tool} and named no trigger")
    return trigger_id


def rows_of(tool: str, reply: KiteReply) -> Sequence[Mapping[str, object]]:
    """Return the rows of a list read whole; `null` is an empty list.

    Raises BrokerUnavailable for an error, and for an answer that is not a plain list.
    """
    rows = _read(tool, reply)
    if rows is None:
        return ()
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise BrokerUnavailable(f"Kite's answer to {tool} is not a plain list of rows")
    return rows


def object_of(tool: str, reply: KiteReply) -> Mapping[str, object]:
    """Return the one object of a read; raises BrokerUnavailable for anything else."""
    answer = _read(tool, reply)
    if not isinstance(answer, Mapping):
        raise BrokerUnavailable(f"Kite's answer to {tool} is not an object")
    return answer


def parse(text: str) -> object:
    """Return the JSON of a text, numbers with a point as Decimal.

    Raises Unreadable for anything that is not exactly one JSON value: NaN, a name given twice,
    nesting too deep.
    """
    try:
        return json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_repeats,
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Unreadable(f"{type(error).__name__} in {shown(text)}") from None


def shown(text: str) -> str:
    """Return the start of a foreign text, fit for one line of a message."""
    line = "".join(char if char.isprintable() else " " for char in text[:_SHOWN])
    return repr(line + ("..." if len(text) > _SHOWN else ""))


def _named(tool: str, reply: KiteReply, name: str) -> object:
    if reply.is_error:
        _raise_for_write(tool, reply.text)
    try:
        answer = parse(reply.text)
    except Unreadable as unreadable:
        raise OutcomeUnknown(f"Kite's answer to {tool} cannot be read: {unreadable}") from None
    return answer.get(name) if isinstance(answer, Mapping) else None


def _raise_for_write(tool: str, text: str) -> NoReturn:
    if text == LOG_IN_FIRST:
        raise BrokerUnavailable("not logged in at Kite; log in and approve again")
    if _ARGUMENT_REFUSED.fullmatch(text) or text == _TRIGGER_TYPE_REFUSED:
        raise OrderRejected(f"Kite's server refused the call before it was sent: {text}")
    raise OutcomeUnknown(f"Kite's server gave no reason for {tool}: {shown(text)}")


def _read(tool: str, reply: KiteReply) -> object:
    if reply.is_error and reply.text == LOG_IN_FIRST:
        raise BrokerUnavailable("not logged in at Kite; log in and ask again")
    if reply.is_error:
        raise BrokerUnavailable(f"Kite did not answer {tool}: {shown(reply.text)}")
    try:
        return parse(reply.text)
    except Unreadable as unreadable:
        raise BrokerUnavailable(f"Kite's answer to {tool} cannot be read: {unreadable}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _without_repeats(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name is given twice")
    return names
