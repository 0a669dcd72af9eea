"""List what a person should look at."""

from collections.abc import Sequence

from riskgate.contracts.base import Contract, Identifier, UtcTime
from tools.offers import (
    PAGE_MAX,
    Desk,
    OfAccount,
    Offer,
    PageAnswer,
    PageAsked,
    Toolset,
    next_offset,
)
from tools.ports import Caller, RecordReader, StoredException
from tools.registry import Tool, Toolbox
from tools.scopes import Scope
from tools.words import Origin, Words, words

TOOL = Tool(
    name="list_exceptions",
    title="List exceptions",
    description="Open differences between our ledger and the broker.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


class ExceptionsAsked(PageAsked, OfAccount):
    """Which exceptions."""


class ExceptionRow(Contract):
    """A difference that a person should look at; severity H stops new entries until then."""

    exception_id: Identifier
    account_id: Identifier
    kind: str
    severity: str
    status: str
    message: Words
    opened_at: UtcTime
    last_seen_at: UtcTime


class ExceptionsAnswer(PageAnswer):
    """A page of open exceptions, newest first."""

    rows: tuple[ExceptionRow, ...]


async def list_exceptions(
    toolbox: Toolbox, reader: RecordReader, caller: Caller
) -> Sequence[StoredException]:
    """Return the account's open exceptions with their times, newest first."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id},
        lambda: reader.exceptions(caller, limit=PAGE_MAX, offset=0),
        lambda found: f"{len(found)} open exceptions",
    )


async def serve(desk: Desk, caller: Caller, asked: ExceptionsAsked) -> ExceptionsAnswer:
    """Answer with a page of the account's open exceptions."""
    found = await desk.toolbox.call(
        TOOL,
        {"account_id": caller.account_id, "limit": asked.limit, "offset": asked.offset},
        lambda: desk.records.exceptions(caller, limit=asked.limit + 1, offset=asked.offset),
        lambda rows: f"{len(rows)} open exceptions",
    )
    return ExceptionsAnswer(
        rows=tuple(map(_row, found[: asked.limit])), next_offset=next_offset(asked, len(found))
    )


def _row(item: StoredException) -> ExceptionRow:
    kept = ExceptionRow.model_fields.keys() - {"message"}
    return ExceptionRow(
        **{name: getattr(item, name) for name in kept},
        message=words(Origin.SIGMATRADER, item.message),
    )


OFFER = Offer(
    tool=TOOL, toolset=Toolset.ACCOUNT, asked=ExceptionsAsked, answer=ExceptionsAnswer, serve=serve
)
