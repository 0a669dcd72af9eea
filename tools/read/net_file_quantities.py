"""Read what a file's quantities come to by symbol."""

from typing import Final

from riskgate.contracts.files import NetQuantities
from tools.ports import Caller, FileReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

NET_FILE_QUANTITIES: Final = Tool(
    name="net_file_quantities",
    title="Net quantities of a file",
    description="What the quantities of a file of the person's own come to by symbol.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


async def net_file_quantities(
    toolbox: Toolbox,
    reader: FileReader,
    caller: Caller,
    file_id: str,
    sheet: int,
    columns: tuple[int, int, int | None],
) -> NetQuantities | None:
    """Return the quantities by symbol, None where the file is gone; `columns` are of the symbol,
    the quantity and the side."""
    symbol, quantity, side = columns
    return await toolbox.call(
        NET_FILE_QUANTITIES,
        {"file_id": file_id, "sheet": sheet, "columns": list(columns)},
        lambda: reader.nets(caller, file_id, sheet, symbol=symbol, quantity=quantity, side=side),
        lambda found: (
            "no such file"
            if found is None
            else f"{len(found.nets)} symbols, {found.unread} rows unread"
        ),
    )
