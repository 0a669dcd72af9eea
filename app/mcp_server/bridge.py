"""MCP on stdio: each request is passed on to the running server, which alone has the database."""

from typing import Any, Final, TypeVar

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    CompleteRequest,
    CompleteRequestParams,
    CompleteResult,
    GetPromptRequest,
    GetPromptRequestParams,
    GetPromptResult,
    Implementation,
    ListPromptsRequest,
    ListPromptsResult,
    ListResourcesRequest,
    ListResourcesResult,
    ListResourceTemplatesRequest,
    ListResourceTemplatesResult,
    ListToolsRequest,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequest,
    ReadResourceRequestParams,
    ReadResourceResult,
    Request,
    Result,
)

from app.mcp_server.about import DESCRIPTION, INSTRUCTIONS, NAME, TITLE, VERSION

# The newer protocol keeps no session, so nothing is lost when the server is started again.
PROTOCOL: Final = "2026-07-28"
# A turn may wait for its fills and for a model.
ANSWER_MAX_S: Final = 120
CONNECT_MAX_S: Final = 5
UNREACHABLE: Final = -32_000

Context = ServerRequestContext[Any, Any]
Paging = PaginatedRequestParams | None
Answer = TypeVar("Answer", bound=Result)


class Bridge:
    """Answers on stdio what the server at `url` answers over HTTP to the holder of a key."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url
        self._http = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=httpx2.Timeout(ANSWER_MAX_S, connect=CONNECT_MAX_S),
            trust_env=False,
        )
        self._server: Server[Any] = Server(
            NAME,
            version=VERSION,
            title=TITLE,
            description=DESCRIPTION,
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
            on_completion=self._complete,
        )

    async def run(self) -> None:
        """Serve until standard input ends; standard output carries nothing but the protocol."""
        server = self._server
        async with self._http, stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    async def _pass_on(
        self, context: Context, request: Request[Any, Any], answer: type[Answer]
    ) -> Answer:
        """Ask the server in the name of the program at the other end of the pipe."""
        params = context.session.client_params
        transport = streamable_http_client(self._url, http_client=self._http)
        info = None if params is None else _named(params.client_info)
        try:
            async with Client(transport, mode=PROTOCOL, client_info=info, cache=None) as client:
                got = await _got(client, request, answer)
        except* httpx2.TransportError as down:
            raise _unreachable(self._url) from down
        if isinstance(got, MCPError):
            raise got
        return got

    async def _list_tools(self, context: Context, params: Paging) -> ListToolsResult:
        return await self._pass_on(context, ListToolsRequest(params=params), ListToolsResult)

    async def _call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        return await self._pass_on(context, CallToolRequest(params=params), CallToolResult)

    async def _list_resources(self, context: Context, params: Paging) -> ListResourcesResult:
        request = ListResourcesRequest(params=params)
        return await self._pass_on(context, request, ListResourcesResult)

    async def _list_templates(
        self, context: Context, params: Paging
    ) -> ListResourceTemplatesResult:
        request = ListResourceTemplatesRequest(params=params)
        return await self._pass_on(context, request, ListResourceTemplatesResult)

    async def _read_resource(
        self, context: Context, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        request = ReadResourceRequest(params=params)
        return await self._pass_on(context, request, ReadResourceResult)

    async def _list_prompts(self, context: Context, params: Paging) -> ListPromptsResult:
        return await self._pass_on(context, ListPromptsRequest(params=params), ListPromptsResult)

    async def _get_prompt(
        self, context: Context, params: GetPromptRequestParams
    ) -> GetPromptResult:
        return await self._pass_on(context, GetPromptRequest(params=params), GetPromptResult)

    async def _complete(self, context: Context, params: CompleteRequestParams) -> CompleteResult:
        return await self._pass_on(context, CompleteRequest(params=params), CompleteResult)


async def _got(
    client: Client, request: Request[Any, Any], answer: type[Answer]
) -> Answer | MCPError:
    """Return the server's answer or its error, which raised here would come out as a group."""
    try:
        return await client.session.send_request(request, answer)
    except MCPError as refused:
        return refused


def _named(info: Implementation) -> Implementation:
    return Implementation(name=info.name, version=info.version)


def _unreachable(url: str) -> MCPError:
    return MCPError(
        UNREACHABLE,
        f"SigmaTrader does not answer at {url}",
        {
            "code": "SERVER_UNREACHABLE",
            "remediation": "Start it with 'sigmatrader serve', or name it with --url.",
            "retry_safe": False,
        },
    )
