"""Our MCP client as the public suite runs it: one scenario, the server's address last.

Scenarios in which the server asks or streams on its own are spoken by the SDK's client over our
own wire; the rest by our client itself.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from mcp_types import (
    CreateMessageResult,
    ElicitResult,
    ListRootsResult,
    TextContent,
)
from pydantic import AnyUrl, ValidationError

from adapters.mcp.client import Era, McpClient, Waits
from adapters.mcp.errors import CallFailed

REDIRECT: Final = "http://127.0.0.1:3030/callback"
CLIENT_ID_DOCUMENT: Final = "https://conformance-test.local/client-metadata.json"
LISTENING: Final = frozenset(
    {
        "elicitation-sep1034-client-defaults",
        "sse-retry",
        "sep-2322-client-request-state",
    }
)
OLDER: Final = "2025-11-25"
# The suite starts dozens of clients at once.
PATIENT: Final = Waits(connect_s=30, read_s=60, whole_s=80)
# A scenario that wants a tool's schema back as it was.
ECHO: Final = "json_schema_echo"
ECHOED: Final = "json_schema_2020_12_tool"
SAMPLES: Final[Mapping[str, Any]] = {
    "string": "text",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
}


class Kept:
    """Keeps tokens and the registration for as long as the program runs."""

    def __init__(self, registered: OAuthClientInformationFull | None) -> None:
        self._tokens: OAuthToken | None = None
        self._registered = registered

    async def get_tokens(self) -> OAuthToken | None:
        return self._tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self._tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self._registered

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._registered = client_info


class Browser:
    """A person who is sent to sign in, does, and comes back with the code."""

    def __init__(self) -> None:
        self._came_back: dict[str, list[str]] = {}

    async def go(self, url: str) -> None:
        async with httpx2.AsyncClient(follow_redirects=False, trust_env=False, timeout=60) as http:
            answer = await http.get(url)
        self._came_back = parse_qs(urlsplit(answer.headers["location"]).query)

    async def code(self) -> AuthorizationCodeResult:
        found = {name: values[0] for name, values in self._came_back.items()}
        return AuthorizationCodeResult(
            code=found["code"], state=found.get("state"), iss=found.get("iss")
        )


def sign_in(url: str, context: Mapping[str, Any]) -> OAuthClientProvider:
    """Return what signs the client in, with a registration from before where there is one."""
    registered = None
    if "client_id" in context:
        registered = OAuthClientInformationFull(
            client_id=context["client_id"],
            client_secret=context.get("client_secret"),
            redirect_uris=[AnyUrl(REDIRECT)],
            token_endpoint_auth_method="client_secret_basic",
        )
    browser = Browser()
    return OAuthClientProvider(
        url,
        OAuthClientMetadata(client_name="SigmaTrader", redirect_uris=[AnyUrl(REDIRECT)]),
        Kept(registered),
        browser.go,
        browser.code,
        client_metadata_url=CLIENT_ID_DOCUMENT,
    )


def sample(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments that fit a simple schema."""
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties") or {}
    return {name: SAMPLES.get(str(one.get("type")), "text") for name, one in properties.items()}


async def call_everything(client: McpClient, context: Mapping[str, Any]) -> None:
    """List the tools and call each, or those that the scenario names."""
    session = await client.begin()
    listed = await client.list_tools(session)
    schemas = {tool.name: tool.schema for tool in listed}
    known = [(name, sample(schema)) for name, schema in schemas.items()]
    if ECHO in schemas:
        known = [(ECHO, {"schema": schemas[ECHOED]})]
    planned = [(call["name"], call["arguments"]) for call in context.get("toolCalls", ())]
    for name, arguments in planned or known:
        await client.call_tool(session, name, arguments)


async def listen(client: McpClient, url: str, *, older: bool) -> None:
    """Call every tool as a client that answers what the server asks meanwhile."""

    async def defaults(context: Any, params: Any) -> ElicitResult:
        asked: Mapping[str, Any] = params.requested_schema.get("properties", {})
        return ElicitResult(
            action="accept",
            content={
                name: one.get("default", SAMPLES.get(str(one.get("type")), "text"))
                for name, one in asked.items()
            },
        )

    async def sampled(context: Any, params: Any) -> CreateMessageResult:
        said = TextContent(type="text", text="Paris")
        return CreateMessageResult(role="assistant", content=said, model="none")

    async def roots(context: Any) -> ListRootsResult:
        return ListRootsResult(roots=[])

    async with client.watched_http() as http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(
            transport,
            mode="legacy" if older else "auto",
            elicitation_callback=defaults,
            sampling_callback=sampled,
            list_roots_callback=roots,
        ) as sdk:
            for tool in (await sdk.list_tools()).tools:
                # An answer that the library cannot read is none, and nothing is asked again.
                with contextlib.suppress(ValidationError):
                    await sdk.call_tool(tool.name, sample(tool.input_schema))


async def run(url: str) -> None:
    """Play the scenario that the environment names."""
    scenario = os.environ["MCP_CONFORMANCE_SCENARIO"]
    context: dict[str, Any] = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
    older = os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION", OLDER) <= OLDER
    client = McpClient(
        name="suite",
        url=url,
        era=Era.HANDSHAKE if older else Era.DISCOVER,
        auth=sign_in(url, context) if scenario.startswith("auth/") else None,
        waits=PATIENT,
    )
    with contextlib.suppress(CallFailed):
        if scenario in LISTENING:
            await listen(client, url, older=older)
        else:
            await call_everything(client, context)
    await client.aclose()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[-1]))
