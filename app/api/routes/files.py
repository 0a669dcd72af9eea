"""Files that a person attaches: the body is the file itself, its name a parameter."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from app.api.deps import Chatter, Paging, Reader, Running
from app.api.idempotency import IdempotencyKey, once
from app.errors import InvalidRequest
from app.files.errors import FileTooLarge
from app.files.limits import FILE_BYTES_MAX
from riskgate.contracts.files import FileFacts, SheetFacts

router = APIRouter(prefix="/api/v1", tags=["files"])

NAME_CHARS_MAX: Final = 500
FileId = Annotated[str, Path(max_length=64)]
BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary", "maxLength": FILE_BYTES_MAX}
            }
        },
    }
}


@router.post("/files", operation_id="add_file", response_model=None, openapi_extra=BODY)
async def add_file(
    request: Request,
    running: Running,
    user: Chatter,
    name: Annotated[str, Query(max_length=NAME_CHARS_MAX)] = "",
    key: IdempotencyKey = None,
) -> Response:
    """Keep a .csv or .xlsx file of at most 15 MB; what it is, its content says.

    The same content again is the same file.
    """
    upload = await running.files.receive(user, name, _pieces(request))

    async def act(_: str | None) -> dict[str, Any]:
        facts, is_new = await running.files.add(user, upload)
        return {"ok": True, "new": is_new, "file": shown(facts)}

    return await once(running, user, request, key, {"sha256": upload.sha256}, act)


@router.get("/files", operation_id="list_files")
async def list_files(running: Running, user: Reader, page: Paging) -> dict[str, Any]:
    """List one's own files, newest first, without their rows."""
    found = await running.files.listed(user, limit=page.limit + 1, offset=page.offset)
    return page.envelope([shown(each, with_rows=False) for each in found])


@router.get("/files/{file_id}", operation_id="get_file")
async def get_file(file_id: FileId, running: Running, user: Reader) -> dict[str, Any]:
    """Show a file of one's own: its sheets, their columns and first rows."""
    return {"ok": True, "file": shown(await running.files.find(user, file_id))}


@router.delete("/files/{file_id}", operation_id="remove_file")
async def remove_file(file_id: FileId, running: Running, user: Chatter) -> dict[str, Any]:
    """Remove a file of one's own and all its rows."""
    await running.files.remove(user, file_id)
    return {"ok": True, "file_id": file_id}


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > FILE_BYTES_MAX:
        raise FileTooLarge
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as gone:
        raise InvalidRequest("the file did not come whole") from gone


def shown(facts: FileFacts, *, with_rows: bool = True) -> dict[str, Any]:
    """Show a file; whatever it says is quoted data."""
    whole = facts.model_dump(mode="json", exclude={"sheets"})
    sheets = [_sheet(sheet, with_rows=with_rows) for sheet in facts.sheets]
    return {**whole, "origin": "file", "sheets": sheets}


def _sheet(sheet: SheetFacts, *, with_rows: bool) -> dict[str, Any]:
    return sheet.model_dump(mode="json", exclude=set() if with_rows else {"head"})
