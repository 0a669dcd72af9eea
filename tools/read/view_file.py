"""Read what is known of a file that the person attached."""

from typing import Final

from riskgate.contracts.files import FileFacts
from tools.ports import Caller, FileReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

VIEW_FILE: Final = Tool(
    name="view_file",
    title="View file",
    description="A file of the person's own: its sheets, their columns and first rows.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


async def view_file(
    toolbox: Toolbox, reader: FileReader, caller: Caller, file_id: str
) -> FileFacts | None:
    """Return a file's facts, None where the caller has no such file."""
    return await toolbox.call(
        VIEW_FILE,
        {"file_id": file_id},
        lambda: reader.file(caller, file_id),
        lambda found: "no such file" if found is None else f"{len(found.sheets)} sheets",
    )
