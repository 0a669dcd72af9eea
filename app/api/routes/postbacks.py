"""Where a broker sends its news. Signed by the broker, so no API key is asked for."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import JsonValue, ValidationError

from app.api.deps import Running
from app.errors import InvalidRequest
from app.postbacks.service import Postback

PATH = "/api/v1/postbacks/{tenant_id}"
router = APIRouter(tags=["postbacks"])


@router.post(PATH, operation_id="postback")
async def postback(
    request: Request,
    running: Running,
    body: dict[str, JsonValue],
    tenant_id: Annotated[str, Path(max_length=64)],
) -> dict[str, Any]:
    """Take a broker's postback; the account it is about is looked at soon."""
    said = {name: body[name] for name in Postback.model_fields if name in body}
    try:
        read = Postback.model_validate(said)
    except ValidationError as wrong:
        raise InvalidRequest("a postback has order_id, order_timestamp and checksum") from wrong
    text = (await request.body()).decode("utf-8", "replace")
    new = await running.postbacks.receive(tenant_id, read, text)
    return {"ok": True, "new": new}
