"""A client that says exactly what it is told to the server, and reads what came back as it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from adapters.brokers.kite_mcp.ports import KiteReply

JSON: Final = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


@dataclass
class HttpClient:
    """Calls tools of one session over one kept connection."""

    url: str
    http: httpx.AsyncClient
    session_id: str = ""

    async def post(
        self,
        method: str,
        params: object = None,
        *,
        number: int | None = 3,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send one JSON-RPC message; without a number it is a notification."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        if number is not None:
            message["id"] = number
        if params is not None:
            message["params"] = params
        session = {"mcp-session-id": self.session_id} if self.session_id else {}
        sent = {**JSON, **session, **(headers or {})}
        return await self.http.post(self.url, content=json.dumps(message), headers=sent)

    async def initialize(self) -> httpx.Response:
        """Open a session and keep its id."""
        params = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "0"},
        }
        answer = await self.post("initialize", params, number=1)
        self.session_id = answer.headers["mcp-session-id"]
        return answer

    async def tool(self, name: str, /, **arguments: Any) -> KiteReply:
        """Call a tool and return its one text; fails for anything but an answer of the tool."""
        answer = await self.post("tools/call", {"name": name, "arguments": arguments})
        assert answer.status_code == 200, (answer.status_code, answer.text)
        result = answer.json()["result"]
        (content,) = result["content"]
        return KiteReply(is_error=result.get("isError", False), text=content["text"])

    async def read(self, name: str, /, **arguments: Any) -> Any:
        """Call a tool that must work and return its JSON."""
        reply = await self.tool(name, **arguments)
        assert not reply.is_error, reply.text
        return json.loads(reply.text)

    async def delete(self) -> httpx.Response:
        """End the session, which logs out."""
        return await self.http.delete(self.url, headers={"mcp-session-id": self.session_id})
