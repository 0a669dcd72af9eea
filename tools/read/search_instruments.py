"""Find instruments by what people call them."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, StringConstraints

from riskgate.contracts.base import Contract, Positive
from riskgate.contracts.instruments import Currency, Instrument, InstrumentKind, InstrumentRef
from tools.offers import Desk, Offer, PageAnswer, PageAsked, Toolset, next_offset
from tools.ports import Caller, InstrumentDirectory
from tools.registry import Tool, Toolbox
from tools.scopes import Scope
from tools.words import Origin, Words, words

TOOL = Tool(
    name="search_instruments",
    title="Search instruments",
    description=(
        "Instruments whose name or alias is or contains a text, the exact ones first, with lot and"
        " tick size. A search is no recommendation; several rows mean that a person must choose."
    ),
    scope=Scope.READ_MARKET,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


class InstrumentsAsked(PageAsked):
    """What to look for."""

    query: Annotated[
        str,
        StringConstraints(min_length=2, max_length=60),
        Field(description="A symbol, a company's name or a part of one, such as infosys."),
    ]


class InstrumentRow(Contract):
    """One row of the instrument master; `exact` says that the text is one of its names."""

    instrument: InstrumentRef
    name: Words
    kind: InstrumentKind
    currency: Currency
    lot_size: int
    tick_size: Positive | None
    exact: bool


class InstrumentsAnswer(PageAnswer):
    """A page of what was found."""

    rows: tuple[InstrumentRow, ...]


async def search_instruments(
    toolbox: Toolbox, directory: InstrumentDirectory, asked: InstrumentsAsked
) -> InstrumentsAnswer:
    """Return a page of the instruments that a text may mean."""

    async def look() -> InstrumentsAnswer:
        rows = tuple(found(directory, asked.query))
        page = rows[asked.offset : asked.offset + asked.limit]
        return InstrumentsAnswer(
            rows=page, next_offset=next_offset(asked, len(rows) - asked.offset)
        )

    return await toolbox.call(
        TOOL, {"limit": asked.limit}, look, lambda answer: f"{len(answer.rows)} instruments"
    )


def found(directory: InstrumentDirectory, query: str) -> Iterator[InstrumentRow]:
    """Yield what the text names, then what has it in a name, in the order of the exchanges."""
    exact = {row.ref for row in directory.resolve(query).candidates}
    wanted = " ".join(query.casefold().split())
    names = directory.names()
    near = {ref for name in names if wanted in name for ref in names[name]} - exact
    for refs, is_exact in ((exact, True), (near, False)):
        for ref in sorted(refs, key=str):
            row = directory.get(ref)
            if row is not None:
                yield _row(row, exact=is_exact)


def _row(row: Instrument, *, exact: bool) -> InstrumentRow:
    return InstrumentRow(
        instrument=row.ref,
        name=words(Origin.INSTRUMENT_MASTER, row.name),
        kind=row.kind,
        currency=row.currency,
        lot_size=row.lot_size,
        tick_size=row.tick_size,
        exact=exact,
    )


async def serve(desk: Desk, caller: Caller, asked: InstrumentsAsked) -> InstrumentsAnswer:  # noqa: ARG001
    """Answer with a page of instruments."""
    return await search_instruments(desk.toolbox, desk.directory, asked)


OFFER = Offer(
    tool=TOOL, toolset=Toolset.MARKET, asked=InstrumentsAsked, answer=InstrumentsAnswer, serve=serve
)
