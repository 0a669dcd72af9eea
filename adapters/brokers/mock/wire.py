"""What goes over HTTP between the mock broker, its client, and whoever scripts it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Annotated, Any, Final, get_args

from pydantic import Field, TypeAdapter

from adapters.brokers.mock.script import Behaviour
from riskgate.contracts.base import Contract, Identifier, Price
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import BrokerOrder, BrokerTrade
from riskgate.contracts.snapshots import Position

# On a 503: the broker read nothing of the call, so nothing of it was done.
NOT_PROCESSED: Final = "X-Not-Processed"
ORDERS: Final = TypeAdapter(tuple[BrokerOrder, ...])
TRADES: Final = TypeAdapter(tuple[BrokerTrade, ...])


class Refusal(Contract):
    """The body of every refusal: the broker's reason, in its own words."""

    refused: Annotated[str, Field(min_length=1)]


class Script(Contract):
    """What becomes of the next orders, one each: `kind` and the fields of that behaviour."""

    behaviours: tuple[dict[str, Any], ...]


class Lag(Contract):
    """How long a new order stays out of the book: so many reads and so many seconds."""

    reads: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[int, Field(ge=0)] = 0


class Fills(Contract):
    """How fills are shown: each so many times, newest first or oldest first."""

    times: Annotated[int, Field(ge=1)] = 1
    newest_first: bool = False


class Held(Contract):
    """Holdings to give an account."""

    account_id: Identifier
    positions: tuple[Position, ...]


class Foreign(Contract):
    """An order of somebody else to put into an account's book."""

    account_id: Identifier
    order: BrokerOrder


class NewPrice(Contract):
    """A price to show from now on; the touch is one display step around it unless given."""

    instrument: InstrumentRef
    last: Price
    bid: Price | None = None
    ask: Price | None = None


def kind_of(behaviour: type[Behaviour]) -> str:
    """Return what a behaviour is called in a script: `accept_and_lose_reply`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", behaviour.__name__).lower()


KINDS: Final[Mapping[str, type[Behaviour]]] = {
    kind_of(behaviour): behaviour for behaviour in get_args(Behaviour)
}


def read_behaviours(items: Iterable[Mapping[str, Any]]) -> tuple[Behaviour, ...]:
    """Read a script; raises ValueError naming the first item that is none."""
    return tuple(_behaviour(item) for item in items)


def _behaviour(item: Mapping[str, Any]) -> Behaviour:
    kind = item.get("kind")
    behaviour = KINDS.get(kind) if isinstance(kind, str) else None
    if behaviour is None:
        raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}, was {kind!r}")
    given = {name: value for name, value in item.items() if name != "kind"}
    unknown = set(given) - {field.name for field in fields(behaviour)}
    if unknown:
        raise ValueError(f"{kind} has no {', '.join(sorted(unknown))}")
    read: Behaviour = TypeAdapter(behaviour).validate_python(given)
    return read
