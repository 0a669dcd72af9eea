"""A listener on loopback whose connections an answer can close."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from adapters.brokers.mock.replies import HANG_UP

LOOPBACK: Final = "127.0.0.1"


class ClosableProtocol(H11Protocol):
    """HTTP/1.1 that lets the application hang up, as a lost connection would."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def with_hang_up(scope: Scope, receive: Receive, send: Send) -> None:
            known = scope.get("extensions") or {}
            extensions = {**known, HANG_UP: self.transport.close}
            await inner({**scope, "extensions": extensions}, receive, send)

        self.app = with_hang_up


def listener(port: int) -> socket.socket:
    """Bind a loopback port, 0 for a free one; raises OSError when it is taken."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((LOOPBACK, port))
    return bound


@asynccontextmanager
async def serving(app: ASGIApp, bound: socket.socket) -> AsyncIterator[str]:
    """Serve an application on a bound socket; yields its URL. On leaving, connections are cut."""
    config = uvicorn.Config(
        app, http=ClosableProtocol, lifespan="off", log_config=None, access_log=False
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: ClosableProtocol(config=config, server_state=state, app_state={}), sock=bound
    )
    try:
        yield f"http://{LOOPBACK}:{bound.getsockname()[1]}"
    finally:
        server.close()
        for connection in tuple(state.connections):
            connection.transport.abort()
        tasks = tuple(state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
