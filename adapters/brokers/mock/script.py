"""What the mock broker can be told to do with the next order, and what it remembers of calls."""

from dataclasses import dataclass
from decimal import Decimal


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
class LoseBeforeAccept:
    """Lose the order on its way; it never enters the book."""


@dataclass(frozen=True)
class Partial:
    """Take the order, fill this part of it rounded down to whole lots, and never the rest."""

    fraction: Decimal


Behaviour = Accept | Reject | Unavailable | AcceptAndLoseReply | LoseBeforeAccept | Partial


@dataclass(frozen=True)
class Call:
    """One call made to the broker: `detail` is the tag or order id, `outcome` OK or the error."""

    sequence: int
    method: str
    account_id: str
    detail: str
    outcome: str
