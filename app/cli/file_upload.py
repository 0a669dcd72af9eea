"""Send a file from this machine to a running server."""

import os
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import httpx

from app.cli.sse_client import ChatError, refusal, unreachable

MOST_BYTES: Final = 15 * 1024 * 1024
NO_FILE: Final = "FILE_MISSING"
# The server reads the file before it answers.
ANSWER_S: Final = 130.0


def send_file(client: httpx.Client, path: str) -> dict[str, Any]:
    """Send a file and return what the server knows of it; raises ChatError."""
    content = _content(Path(path).expanduser())
    try:
        response = client.post(
            "/api/v1/files",
            params={"name": os.path.basename(path)[-200:]},
            content=content,
            headers={
                "Content-Type": "application/octet-stream",
                "Idempotency-Key": token_hex(16),
            },
            timeout=httpx.Timeout(ANSWER_S, connect=5.0),
        )
    except httpx.TransportError as error:
        raise unreachable(client, error) from error
    if not response.is_success:
        raise refusal(response)
    file: dict[str, Any] = response.json()["file"]
    return file


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ChatError(
                f"{path.name} is over 15 MB",
                code="FILE_TOO_LARGE",
                remedy="Keep only the rows and columns you need, or split the file.",
            )
        return path.read_bytes()
    except OSError as error:
        raise ChatError(
            f"{path} cannot be read: {error.strerror}",
            code=NO_FILE,
            remedy="Name a .csv or .xlsx file that you may read.",
        ) from error
