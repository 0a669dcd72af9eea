"""Read which rows of a file are wanted."""

from typing import Final

from riskgate.contracts.files import FoundRows, RowWish
from tools.ports import Caller, FileReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

FIND_FILE_ROWS: Final = Tool(
    name="find_file_rows",
    title="Find rows of a file",
    description="Rows of a file of the person's own whose cell in a column is what is wanted.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)
SHOWN_ROWS: Final = 20


async def find_file_rows(
    toolbox: Toolbox, reader: FileReader, caller: Caller, file_id: str, sheet: int, wish: RowWish
) -> FoundRows | None:
    """Return how many rows match and the first of them, None where the file is gone."""
    return await toolbox.call(
        FIND_FILE_ROWS,
        {"file_id": file_id, "sheet": sheet, "wish": wish.model_dump(mode="json")},
        lambda: reader.found(caller, file_id, sheet, wish, limit=SHOWN_ROWS),
        lambda found: "no such file" if found is None else f"{found.matching} rows",
    )
