"""What a model may look at before it answers: reads out of a closed table, each in its safe view.

Only reading functions are in the table, so nothing that a model asks for, and nothing that a
tool answers, can start a tool that changes state.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from agents.reading.file_views import SeenFiles, symbols_in
from agents.reading.model_port import TurnModel
from agents.reading.safe_views import Withheld, safe_view, symbol_text, withheld
from riskgate.contracts.instruments import InstrumentRef
from tools.ports import AccountReader, Caller, FileReader, InstrumentDirectory, QuoteReader
from tools.read.get_quotes import get_quotes
from tools.read.list_orders import list_orders
from tools.read.view_account import view_account
from tools.read.view_file import view_file
from tools.registry import Toolbox, ToolDenied

SYMBOLS_MAX: Final = 5
FILES: Final = "view_file"


@dataclass(frozen=True, kw_only=True)
class Looker:
    """Looks on behalf of a model with the person's own rights, within the model's rates."""

    caller: Caller
    toolbox: Toolbox
    directory: InstrumentDirectory
    quotes: QuoteReader
    accounts: AccountReader
    files: FileReader
    file_ids: tuple[str, ...] = ()

    async def look(self, tool: str, symbols: Sequence[str], model: TurnModel) -> JsonValue:
        """Return the safe view of what was asked for, or the code of why it is not shown."""
        act = LOOKS.get(tool)
        refusal = withheld(tool, model.portfolio)
        if act is None or refusal is not None:
            return {"blocked": (refusal or Withheld.NEVER_SHOWN).value}
        if not model.allows(tool, symbols):
            return {"blocked": "RATE_LIMITED"}
        try:
            result = await act(self, symbols[:SYMBOLS_MAX])
        except ToolDenied as denied:
            return {"blocked": denied.code}
        shown = safe_view(tool, result, model.portfolio, model.hide)
        return {"blocked": shown.value} if isinstance(shown, Withheld) else shown

    def refs(self, symbols: Sequence[str]) -> list[InstrumentRef]:
        """Return the instruments that are known by exactly these names."""
        found = (self.directory.resolve(symbol) for symbol in symbols)
        return [row.ref for each in found for row in each.candidates]


async def _find_instruments(looker: Looker, symbols: Sequence[str]) -> object:
    return looker.refs(symbols)


async def _quotes(looker: Looker, symbols: Sequence[str]) -> object:
    return await get_quotes(looker.toolbox, looker.quotes, looker.refs(symbols)[:SYMBOLS_MAX])


async def _account(looker: Looker, _: Sequence[str]) -> object:
    return await view_account(looker.toolbox, looker.accounts, looker.caller)


async def _orders(looker: Looker, _: Sequence[str]) -> object:
    return await list_orders(looker.toolbox, looker.accounts, looker.caller)


async def _files(looker: Looker, _: Sequence[str]) -> object:
    found = [
        await view_file(looker.toolbox, looker.files, looker.caller, file_id)
        for file_id in looker.file_ids
    ]
    files = tuple(file for file in found if file is not None)
    known = {
        cell: symbol_text(row.ref)
        for cell in symbols_in(files)
        if (row := looker.directory.resolve(cell).instrument) is not None
        and cell.upper() in {row.ref.tradingsymbol, str(row.ref)}
    }
    return SeenFiles(files, known)


LOOKS: Final[Mapping[str, Callable[[Looker, Sequence[str]], Awaitable[object]]]] = {
    "find_instruments": _find_instruments,
    "get_quotes": _quotes,
    "view_account": _account,
    "list_orders": _orders,
    FILES: _files,
}
