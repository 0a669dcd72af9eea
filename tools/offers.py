"""What programs outside may call: a tool with its shapes, and the ports that serve it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, JsonValue, WithJsonSchema

from riskgate.contracts.base import Contract, Identifier
from tools.ports import (
    AccountReader,
    Caller,
    InsightReader,
    InstrumentDirectory,
    QuoteReader,
    RecordReader,
    ToolRefusal,
    TradeProposer,
)
from tools.registry import Tool, Toolbox

Asked = TypeVar("Asked", bound=Contract)
Answer = TypeVar("Answer", bound=Contract)

PAGE_MAX = 50
PAGE_DEFAULT = 20


class Toolset(StrEnum):
    """Tools that are served or left out together."""

    MARKET = "market"
    ACCOUNT = "account"
    DECISIONS = "decisions"
    POLICY = "policy"
    PROPOSALS = "proposals"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The ports that serve one call from outside."""

    toolbox: Toolbox
    accounts: AccountReader
    quotes: QuoteReader
    insights: InsightReader
    directory: InstrumentDirectory
    records: RecordReader
    trades: TradeProposer


@dataclass(frozen=True, kw_only=True)
class Offer(Generic[Asked, Answer]):
    """A tool as it may be called from outside: `asked` and `answer` are its shapes."""

    tool: Tool
    toolset: Toolset
    asked: type[Asked]
    answer: type[Answer]
    serve: Callable[[Desk, Caller, Asked], Awaitable[Answer | ToolRefusal]]

    @property
    def name(self) -> str:
        return self.tool.name


AnyOffer = Offer[Any, Any]
# Plain data whose names and kinds differ from one to the next.
Facts = Annotated[
    dict[str, JsonValue], WithJsonSchema({"type": "object", "additionalProperties": True})
]


class Nothing(Contract):
    """A question without arguments."""


class OfAccount(Contract):
    """A question about one account."""

    account_id: Annotated[
        Identifier | None,
        Field(description="An id that list_accounts gives; the default account without one."),
    ] = None


class PageAsked(Contract):
    """Which part of a list is asked for."""

    limit: Annotated[int, Field(ge=1, le=PAGE_MAX, description="How many rows.")] = PAGE_DEFAULT
    offset: Annotated[
        int, Field(ge=0, le=1_000_000, description="Where to begin: the next_offset given before.")
    ] = 0


class PageAnswer(Contract):
    """Where the next part of a list begins; None at its end."""

    next_offset: int | None


def next_offset(asked: PageAsked, found: int) -> int | None:
    """Return where the next page begins, when one row more than asked was found."""
    return asked.offset + asked.limit if found > asked.limit else None
