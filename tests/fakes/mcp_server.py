"""A small MCP server over streamable HTTP whose tools, answers and failures a test chooses."""

import json
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from tests.fakes.loopback import LoopbackServer, Reply, Request

SESSION_CANARY: Final = "session-canary-5b1e77"
TEXT: Final = {"content-type": "text/plain"}
EVENTS: Final = {"content-type": "text/event-stream"}

Answer = Callable[[Mapping[str, Any]], Reply | Awaitable[Reply]]


class ScriptedMcpServer(LoopbackServer):
    """Offers `tools`; each answers with its arguments as text, unless a test scripted it.

    `called` are the tools called, in order; `sessions` those that it knows.
    """

    def __init__(self, *tools: Mapping[str, Any]) -> None:
        super().__init__()
        self.tools = list(tools)
        self.called: list[str] = []
        self.rpc: Counter[str] = Counter()
        self.sessions: set[str] = set()
        self._scripts: dict[str, deque[Answer]] = {}

    @property
    def url(self) -> str:
        return f"{super().url}/mcp"

    def script(self, method: str, *answers: Answer) -> None:
        """Answer the next calls of a JSON-RPC method so."""
        self._scripts.setdefault(method, deque()).extend(answers)

    async def answer(self, request: Request) -> Reply:
        if request.method == "DELETE":
            known = request.headers.get("mcp-session-id", "") in self.sessions
            self.sessions.discard(request.headers.get("mcp-session-id", ""))
            return Reply(200 if known else 500, "" if known else "session ID not found", TEXT)
        if request.method != "POST":
            return Reply(405, "", TEXT)
        message = json.loads(request.body)
        method = str(message["method"])
        self.rpc[method] += 1
        if self._scripts.get(method):
            answer = self._scripts[method].popleft()(message)
            return answer if isinstance(answer, Reply) else await answer
        return self._plainly(request, method, message)

    def _plainly(self, request: Request, method: str, message: Mapping[str, Any]) -> Reply:
        if method == "initialize":
            session = f"{SESSION_CANARY}-{len(self.sessions) + 1}"
            self.sessions.add(session)
            return result(
                message,
                {
                    "protocolVersion": "2025-03-26",
                    "capabilities": {"tools": {"listChanged": True}},
                    "serverInfo": {"name": "scripted", "version": "1"},
                },
                {"Mcp-Session-Id": session},
            )
        if request.headers.get("mcp-session-id", "") not in self.sessions:
            return Reply(400, "Invalid session ID\n", TEXT)
        if "id" not in message:
            return Reply(202, "", TEXT)
        if method == "ping":
            return result(message, {})
        if method == "tools/list":
            return result(message, {"tools": self.tools})
        self.called.append(message["params"]["name"])
        return said(message, json.dumps(message["params"]["arguments"]))


def a_tool(name: str, description: str = "What it does.", **properties: str) -> dict[str, Any]:
    """Return a tool as a server lists it; each property is given its type."""
    schema = {name: {"type": kind} for name, kind in properties.items()}
    return {
        "name": name,
        "description": description,
        "inputSchema": {"type": "object", "properties": schema},
    }


def result(
    message: Mapping[str, Any], value: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Reply:
    """Return the JSON-RPC result of a message."""
    body = {"jsonrpc": "2.0", "id": message["id"], "result": value}
    return Reply(200, json.dumps(body), headers or {})


def said(message: Mapping[str, Any], text: str, *, is_error: bool = False) -> Reply:
    """Return a tool's answer of one text."""
    mark = {"isError": True} if is_error else {}
    return result(message, {"content": [{"type": "text", "text": text}], **mark})


def refused(message: Mapping[str, Any], code: int, words: str) -> Reply:
    """Return a JSON-RPC error."""
    error = {"code": code, "message": words}
    return Reply(200, json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}))
