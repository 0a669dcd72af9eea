"""The real server for the public suite, which has no key: each of its requests is given one.

With --fixture the tools, resources and prompts that the suite calls by name are registered beside
our own, on the same server code.
"""

import sys
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from app import main as application
from app.cli import main as run_command
from tests.conformance.mcp.fixture import add_fixture

MCP_PATH = "/mcp"


class Signed:
    """Adds the owner's key to requests for /mcp that carry none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.key: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == MCP_PATH:
            signed = (b"authorization", f"Bearer {self.key}".encode())
            scope = {**scope, "headers": [*scope["headers"], signed]}
        await self.app(scope, receive, send)


def main() -> None:
    """Serve as `sigmatrader serve` does."""
    create_app = application.create_app
    with_fixture = "--fixture" in sys.argv

    def create_signed(*arguments: Any, on_ready: Any, **more: Any) -> Signed:
        def ready(key: str | None) -> None:
            signed.key = key
            if with_fixture:
                add_fixture(app.state.mcp.server.library)
            on_ready(key)

        app = create_app(*arguments, on_ready=ready, **more)
        signed = Signed(app)
        return signed

    application.create_app = create_signed  # type: ignore[assignment]
    sys.argv = [sys.argv[0], "serve", *(word for word in sys.argv[1:] if word != "--fixture")]
    run_command()


if __name__ == "__main__":
    main()
