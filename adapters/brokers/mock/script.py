"""What the mock broker can be told to do with the next order, and what it remembers of calls."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from riskgate.contracts.orders import BrokerOrderAck

# The bounds hold for scripts that come over HTTP.
Seconds = Annotated[Decimal, Field(ge=0, le=600)]
Fraction = Annotated[Decimal, Field(ge=0, le=1)]
ServerError = Annotated[int, Field(ge=500, le=599)]


@dataclass(frozen=True)
class Accept:
    """Take the order and answer."""


@dataclass(frozen=True)
class Reject:
    """Refuse the order."""

    reason: str


@dataclass(frozen=True)
class Unavailable:
    """Fail before anything was sent."""


@dataclass(frozen=True)
class AcceptAndLoseReply:
    """Take the order and lose the answer."""


@dataclass(frozen=True)
class AcceptAndGarbleReply:
    """Take the order and answer with half a body."""


@dataclass(frozen=True)
class AcceptAndFail:
    """Take the order and answer with an error of the server, as a gateway would."""

    status: ServerError = 502


@dataclass(frozen=True)
class AcceptAndDelayReply:
    """Take the order at once and answer after so many seconds."""

    seconds: Seconds


@dataclass(frozen=True)
class DelayAccept:
    """Take the order, and answer, after so many seconds."""

    seconds: Seconds


@dataclass(frozen=True)
class BookTwice:
    """Take the order twice: one tag, two ids; the answer names the first."""


@dataclass(frozen=True)
class LoseBeforeAccept:
    """Lose the order on its way; it never enters the book."""


@dataclass(frozen=True)
class Partial:
    """Take the order, fill this part of it rounded down to whole lots, and never the rest."""

    fraction: Fraction


Behaviour = (
    Accept
    | Reject
    | Unavailable
    | AcceptAndLoseReply
    | AcceptAndGarbleReply
    | AcceptAndFail
    | AcceptAndDelayReply
    | DelayAccept
    | BookTwice
    | LoseBeforeAccept
    | Partial
)


@dataclass(frozen=True)
class Call:
    """One call made to the broker: `detail` is the tag or order id, `outcome` OK or the error."""

    sequence: int
    method: str
    account_id: str
    detail: str
    outcome: str


@dataclass(frozen=True)
class Receipt:
    """What became of an order at the broker, whatever its sender is told of it.

    `order_ids` are the orders that entered the book; `ack` is the answer to the sender, due after
    `behaviour` has done with it what it says.
    """

    behaviour: Behaviour
    ack: BrokerOrderAck
    order_ids: tuple[str, ...]
