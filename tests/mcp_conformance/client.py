"""Our client as the public MCP suite wants to run it: one scenario, the server's address last.

`python -m tests.mcp_conformance.client URL`, with the scenario and what it needs in the
environment. Calls go through `McpClient` as they do for Kite. What it refuses to a server on
purpose, to be asked for input or for a model's words, is tried by the SDK's own client over the
same wire.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.session import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import AnyUrl, ValidationError

from adapters.mcp.client import Era, McpClient
from adapters.mcp.errors import CallFailed

SCENARIO: Final = os.environ.get("MCP_CONFORMANCE_SCENARIO", "")
CONTEXT: Final[Mapping[str, Any]] = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
VERSION: Final = os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION", "2025-11-25")
MODERN: Final = VERSION in MODERN_PROTOCOL_VERSIONS
BACK: Final = "http://localhost:3000/callback"
ASKS_US: Final = frozenset(
    {"elicitation-sep1034-client-defaults", "sep-2322-client-request-state", "request-metadata"}
)
KNOWN_ARGUMENTS: Final[Mapping[str, dict[str, Any]]] = {
    "add_numbers": {"a": 5, "b": 3},
    "valid_tool": {"region": "here"},
}


class MemoryTokens:
    """Keeps tokens and the registration for one run; the SDK's TokenStorage."""

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


class Person:
    """Says yes on the page of the authorisation server, and comes back with the code."""

    def __init__(self) -> None:
        self._back: dict[str, list[str]] = {}

    async def go(self, address: str) -> None:
        async with httpx2.AsyncClient(trust_env=False) as browser:
            page = await browser.get(address, follow_redirects=False)
        self._back = parse_qs(urlsplit(page.headers["location"]).query)

    async def come_back(self) -> AuthorizationCodeResult:
        one = {name: values[0] for name, values in self._back.items()}
        return AuthorizationCodeResult(code=one["code"], state=one.get("state"), iss=one.get("iss"))


def authorisation(url: str) -> OAuthClientProvider:
    """Return the SDK's authorisation with a person who agrees to everything."""
    person, registered = Person(), None
    if "client_id" in CONTEXT:
        secret = CONTEXT.get("client_secret")
        registered = OAuthClientInformationFull(
            client_id=CONTEXT["client_id"],
            client_secret=secret,
            redirect_uris=[AnyUrl(BACK)],
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
        )
    return OAuthClientProvider(
        server_url=url,
        client_metadata=OAuthClientMetadata(
            client_name="sigmatrader",
            redirect_uris=[AnyUrl(BACK)],
            grant_types=["authorization_code", "refresh_token"],
            response_types=["code"],
        ),
        storage=MemoryTokens(registered),
        redirect_handler=person.go,
        callback_handler=person.come_back,
        client_metadata_url="https://conformance-test.local/client-metadata.json",
    )


async def call_everything(client: McpClient) -> None:
    """Begin a session, list the tools and call each that may be called."""
    session = await client.begin()
    tools = await client.list_tools(session)
    schemas = {tool.name: dict(tool.schema) for tool in tools}
    for call in CONTEXT.get("toolCalls") or [_call_of(name, schemas) for name in schemas]:
        try:
            await client.call_tool(session, call["name"], call["arguments"])
        except CallFailed as failed:
            print(failed.message, file=sys.stderr)  # noqa: T201


def _call_of(name: str, schemas: Mapping[str, dict[str, object]]) -> dict[str, Any]:
    if name == "json_schema_echo":
        # Sent back as it was listed, to show that no keyword of it was lost here.
        return {"name": name, "arguments": {"schema": schemas["json_schema_2020_12_tool"]}}
    return {"name": name, "arguments": KNOWN_ARGUMENTS.get(name, {})}


async def be_asked(client: McpClient, url: str) -> None:
    """Call every tool with the SDK's client, which answers what the server asks."""
    async with client.watched_http() as http:
        transport = streamable_http_client(url, http_client=http, terminate_on_close=False)
        async with Client(
            transport,
            mode="auto" if MODERN else "legacy",
            elicitation_callback=_fill_in,
            sampling_callback=_say_nothing,
            list_roots_callback=_have_no_roots,
        ) as sdk:
            for tool in (await sdk.list_tools()).tools:
                try:
                    await sdk.call_tool(tool.name, KNOWN_ARGUMENTS.get(tool.name, {}))
                except (MCPError, ValidationError) as odd:
                    # One answer that cannot be used is no reason to call no other tool.
                    print(type(odd).__name__, file=sys.stderr)  # noqa: T201


async def _fill_in(
    context: ClientRequestContext, params: types.ElicitRequestParams
) -> types.ElicitResult:
    schema = getattr(params, "requested_schema", {})
    fields = schema.get("properties", {})
    content = {name: field["default"] for name, field in fields.items() if "default" in field}
    return types.ElicitResult(action="accept", content=content)


async def _say_nothing(
    context: ClientRequestContext, params: types.CreateMessageRequestParams
) -> types.ErrorData:
    return types.ErrorData(code=types.INVALID_REQUEST, message="there is no model here")


async def _have_no_roots(context: ClientRequestContext) -> types.ListRootsResult:
    return types.ListRootsResult(roots=[])


async def main(url: str) -> None:
    """Run the scenario that the environment names."""
    auth = authorisation(url) if SCENARIO.startswith("auth/") else None
    era = Era.EITHER if MODERN else Era.HANDSHAKE
    client = McpClient(name="conformance", url=url, era=era, auth=auth)
    try:
        await (be_asked(client, url) if SCENARIO in ASKS_US else call_everything(client))
    finally:
        await client.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[-1]))
