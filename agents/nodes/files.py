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
    not_used_sentence,
    nothing_attached,
    shown_files,
    where_said,
)
from agents.insights.insight import Insight, plain
from agents.intent.model import FileQuestion, FileWish, QueryTopic
from riskgate.contracts.files import SHOWN_MAX, Comparison, FileFacts, Meaning, RowWish
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


async def not_used(context: TurnContext) -> str | None:
    """Say that an answer is from the account where the question came with files; None without."""
    said = context.parse_context
    names = [
        file.name for file in await _files(context, said.files if said.files_named_now else ())
    ]
    return not_used_sentence(names) if names else None


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
        case FileWish.COUNT if asked.where is None:
            return count_insight(places[0])
        case _:
            return await _of_column(context, asked, places)


async def _of_column(context: TurnContext, asked: FileQuestion, places: Sequence[Place]) -> Insight:
    """Answer with a figure of a column, with rows, or with a figure of such rows."""
    words = [each for each in (asked.column, asked.where) if each is not None]
    meant = [
        (place, [at for at in columns if at is not None])
        for place in places
        for columns in [[column_at(place.sheet, each) for each in words]]
        if None not in columns
    ]
    if not meant:
        unknown = (each for each in words if column_at(places[0].sheet, each) is None)
        return no_column(places[0], next(unknown, words[0]))
    place, columns = meant[0]
    first = place.sheet.columns[columns[0]]
    if asked.where is None:
        return figure_insight(place, first, asked.wish)
    wish = RowWish(
        column=columns[-1],
        comparison=asked.comparison or Comparison.IS,
        value=(asked.value or "")[:SHOWN_MAX],
        figures_of=columns[0] if asked.column is not None else None,
    )
    found = await find_file_rows(
        context.toolbox, context.files, context.caller, place.file.file_id, place.at, wish
    )
    if found is None:
        return nothing_attached(was_there=True)
    name = place.sheet.columns[columns[-1]].name
    if found.figures is None:
        return found_insight(place, asked, name, found)
    of_rows = found.figures.model_copy(update={"name": first.name})
    return figure_insight(place, of_rows, asked.wish, where=where_said(asked, name), found=found)


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
        if nets is None:
            return nothing_attached(was_there=True)
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
