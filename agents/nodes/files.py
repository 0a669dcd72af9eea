"""Answer a question about a file that the person attached."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from agents.context import TurnContext
from agents.insights.account import held_for
from agents.insights.file_places import Place, column_at, of_meaning, places_in
from agents.insights.files import (
    columns_insight,
    compared_insight,
    count_insight,
    figure_insight,
    found_insight,
    no_column,
    no_quantities,
    nothing_attached,
    shown_files,
)
from agents.insights.insight import Insight, plain
from agents.intent.model import FileQuestion, FileWish, QueryTopic
from riskgate.contracts.files import Comparison, FileFacts, Meaning, RowWish
from tools.ports import AccountView
from tools.read.find_file_rows import find_file_rows
from tools.read.net_file_quantities import net_file_quantities
from tools.read.view_account import view_account
from tools.read.view_file import view_file

SHOW = FileQuestion(wish=FileWish.SHOW)


async def file_answer(context: TurnContext, question: FileQuestion | None) -> Insight:
    """Return what a file says to a question; nothing in it is done, whatever it says."""
    named = context.parse_context.files
    files = await _files(context, named)
    if not files:
        return nothing_attached(was_there=bool(named))
    asked = question or SHOW
    places = places_in(files, asked.sheet)
    if not places:
        names = ", ".join(f"“{sheet.name}”" for file in files for sheet in file.sheets)
        return plain("Files", f"There is no sheet “{asked.sheet}”; there are {names}.")
    return await _answer(context, asked, places, files)


async def _files(context: TurnContext, named: Sequence[str]) -> list[FileFacts]:
    found = [
        await view_file(context.toolbox, context.files, context.caller, file_id)
        for file_id in named
    ]
    return [file for file in found if file is not None]


async def _answer(
    context: TurnContext, asked: FileQuestion, places: Sequence[Place], files: Sequence[FileFacts]
) -> Insight:
    match asked.wish:
        case FileWish.SHOW:
            return shown_files(files, places[0].at)
        case FileWish.COLUMNS:
            return columns_insight(places[0])
        case FileWish.COMPARE:
            return await _compared(context, asked, places)
        case FileWish.COUNT if asked.column is None:
            return count_insight(places[0])
        case _:
            return await _of_column(context, asked, places)


async def _of_column(context: TurnContext, asked: FileQuestion, places: Sequence[Place]) -> Insight:
    words = asked.column or ""
    meant = [(place, at) for place in places if (at := column_at(place.sheet, words)) is not None]
    if not meant:
        return no_column(places[0], words)
    place, at = meant[0]
    column = place.sheet.columns[at]
    if asked.value is None:
        return figure_insight(place, column, asked.wish)
    wish = RowWish(column=at, comparison=asked.comparison or Comparison.IS, value=asked.value[:200])
    found = await find_file_rows(
        context.toolbox, context.files, context.caller, place.file.file_id, place.at, wish
    )
    return found_insight(place, asked, column.name, found)


async def _compared(context: TurnContext, asked: FileQuestion, places: Sequence[Place]) -> Insight:
    for place in places:
        symbol = of_meaning(place.sheet, Meaning.SYMBOL)
        quantity = of_meaning(place.sheet, Meaning.QUANTITY)
        if symbol is None or quantity is None:
            continue
        side = of_meaning(place.sheet, Meaning.SIDE)
        nets = await net_file_quantities(
            context.toolbox,
            context.files,
            context.caller,
            place.file.file_id,
            place.at,
            (symbol, quantity, side),
        )
        view = await view_account(context.toolbox, context.accounts, context.caller)
        held = held_by_symbol(view, asked.against or QueryTopic.POSITIONS)
        return compared_insight(place, nets, held, view)
    return no_quantities(places[0])


def held_by_symbol(view: AccountView, topic: QueryTopic) -> dict[str, Decimal]:
    """Add up what is held of each symbol, on whichever exchange and in whichever product."""
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    for item in held_for(view, topic):
        held[item.instrument.tradingsymbol.upper()] += item.quantity
    return dict(held)
