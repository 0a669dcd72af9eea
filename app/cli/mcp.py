"""The command that MCP hosts start: stdio on this side, the running server on the other."""

import asyncio
import os
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console

from app.cli.errors import guarded
from app.settings import load_settings

KEY_VARIABLE = "SIGMATRADER_API_KEY"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
notes = Console(stderr=True)


@guarded
def mcp(
    url: Annotated[str | None, typer.Option(help="Server; the local one by default.")] = None,
) -> None:
    """Serve MCP on stdio for a host such as a desktop assistant, through a running server.

    The key comes from SIGMATRADER_API_KEY; one of a user with the role service can propose and
    never approve.
    """
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        notes.print(f"Set {KEY_VARIABLE} in the host's configuration; see docs/howto/mcp.md.")
        raise typer.Exit(2)
    settings = load_settings()
    base_url = (url or f"http://{settings.host}:{settings.port}").rstrip("/")
    if not _keeps_keys(base_url):
        notes.print("A key travels only over https, or to this machine itself.")
        raise typer.Exit(2)
    # The library is slow to import, and no other command needs it.
    from app.mcp_server.bridge import Bridge

    asyncio.run(Bridge(f"{base_url}/mcp", key).run())


def _keeps_keys(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
