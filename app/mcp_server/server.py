"""The protocol's own side: what is listed, and each request handed to what does it."""

from typing import Any, Final, TypeAlias

from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)

from app.mcp_server.about import DESCRIPTION, INSTRUCTIONS, NAME, TITLE, VERSION
from app.mcp_server.calls import Calls, Surface
from app.mcp_server.completing import completions
from app.mcp_server.guard import REFUSED, VISITOR, ScopeMissing
from app.mcp_server.parts import McpParts
from app.mcp_server.prompts import RECIPES, filled, missing_arguments, recipe
from app.mcp_server.results import Problem
from app.mcp_server.schemas import schema_of
from app.mcp_server.secrecy import redacted
from app.mcp_server.shelf import MIME_TYPE, address, listed, served_shelves, templates
from app.mcp_server.visitors import UNNAMED, Visit, Visitor, client_name
from riskgate.hashing import canonical_json
from tools.offers import AnyOffer
from tools.scopes import Scope

Context: TypeAlias = ServerRequestContext[Any, Any]
Paging: TypeAlias = PaginatedRequestParams | None

# Lists change with the settings only, so with a restart.
LISTS_TTL_MS: Final = 300_000
LISTS: Final[tuple[CacheableMethod, ...]] = (
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
)
NOT_THERE: Final = frozenset({"NOT_FOUND", "TOOL_UNKNOWN", "INVALID_PARAM"})


class McpServer:
    """Answers the requests of the protocol; `library` is the library's server over it."""

    def __init__(self, parts: McpParts) -> None:
        self._parts = parts
        self._shelves = served_shelves(parts.offers)
        self.calls = Calls(parts)
        self.library: Server[Any] = Server(
            NAME,
            version=VERSION,
            title=TITLE,
            description=DESCRIPTION,
            instructions=INSTRUCTIONS,
            cache_hints={method: CacheHint(ttl_ms=LISTS_TTL_MS) for method in LISTS},
            get_tool_input_schema=self._input_schema,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
            on_completion=self._complete,
        )

    def scope_of(self, method: str, name: str) -> Scope | None:
        """Return what a request needs, so that the guard can ask for it."""
        if method == "tools/call":
            offer = self.calls.offer(name)
        elif method == "resources/read":
            found = address(self._shelves, name)
            offer = None if found is None else found.offer
        else:
            offer = None
        return None if offer is None else offer.tool.scope

    async def turned_away(self, visitor: Visitor, method: str) -> None:
        """Record a call beyond its visitor's scopes, which came no further than the guard."""
        visit = Visit(
            visitor=visitor, client=UNNAMED, protocol="", call_id=self._parts.ids.new("mcp")
        )
        surface = Surface.TOOL if method == "tools/call" else Surface.RESOURCE
        await self.calls.note(visit, "turned away", surface=surface, code=ScopeMissing.code)

    def visit(self, context: ServerRequestContext[Any, Any]) -> Visit:
        """Return whose request this is. Raises RuntimeError for one that no guard let in."""
        visitor = getattr(getattr(context.request, "state", None), VISITOR, None)
        if not isinstance(visitor, Visitor):
            raise RuntimeError("a request came past the guard")
        params = context.session.client_params
        info = params.client_info if params is not None else None
        return Visit(
            visitor=visitor,
            client=client_name(info.name, info.version) if info is not None else UNNAMED,
            protocol=context.protocol_version,
            call_id=self._parts.ids.new("mcp"),
        )

    async def _list_tools(self, _context: Context, params: Paging) -> ListToolsResult:
        _refuse_cursor(params)
        return ListToolsResult(tools=[described(offer) for offer in self._parts.offers])

    async def _call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        visit = self.visit(context)
        offer = self.calls.offer(params.name)
        if offer is None:
            limited = await self.calls.note(
                visit, "unknown", surface=Surface.TOOL, code="TOOL_UNKNOWN"
            )
            raise _protocol_error(limited or _unknown_tool(visit))
        return (await self.calls.run(visit, offer, params.arguments or {})).result

    def _input_schema(self, name: str) -> dict[str, Any] | None:
        offer = self.calls.offer(name)
        return None if offer is None else schema_of(offer.asked, mode="validation")

    async def _list_resources(self, _context: Context, params: Paging) -> ListResourcesResult:
        _refuse_cursor(params)
        return ListResourcesResult(resources=listed(self._shelves))

    async def _list_templates(
        self, _context: Context, params: Paging
    ) -> ListResourceTemplatesResult:
        _refuse_cursor(params)
        return ListResourceTemplatesResult(resource_templates=templates(self._shelves))

    async def _read_resource(
        self, context: Context, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        visit = self.visit(context)
        found = address(self._shelves, params.uri)
        if found is None:
            limited = await self.calls.note(
                visit, "unknown", surface=Surface.RESOURCE, code="NOT_FOUND"
            )
            raise _protocol_error(limited or _no_resource(visit), uri=params.uri)
        outcome = await self.calls.run(
            visit, found.offer, found.arguments, surface=Surface.RESOURCE
        )
        if outcome.answer is None:
            raise _protocol_error(outcome.problem or _no_resource(visit), uri=params.uri)
        text = canonical_json(outcome.answer.model_dump(mode="json"))
        content = TextResourceContents(uri=params.uri, mime_type=MIME_TYPE, text=text)
        return ReadResourceResult(contents=[content])

    async def _list_prompts(self, _context: Context, params: Paging) -> ListPromptsResult:
        _refuse_cursor(params)
        return ListPromptsResult(prompts=[one.listed for one in RECIPES])

    async def _get_prompt(
        self, context: Context, params: GetPromptRequestParams
    ) -> GetPromptResult:
        visit, wanted = self.visit(context), recipe(params.name)
        name = "unknown" if wanted is None else wanted.name
        limited = await self.calls.note(visit, name, surface=Surface.PROMPT)
        if limited is not None:
            raise _protocol_error(limited)
        if wanted is None:
            raise MCPError(INVALID_PARAMS, "Unknown prompt; prompts/list names those there are")
        given = params.arguments or {}
        missing = missing_arguments(wanted, given)
        if missing:
            raise MCPError(INVALID_PARAMS, f"The prompt needs {', '.join(missing)}")
        return filled(wanted, given)

    async def _complete(self, context: Context, params: CompleteRequestParams) -> CompleteResult:
        values = await completions(self.calls, self.visit(context), params)
        completion = Completion(values=values, total=len(values), has_more=False)
        return CompleteResult(completion=completion)


def described(offer: AnyOffer) -> Tool:
    """Return a tool as the protocol lists it, with all four annotations said."""
    tool = offer.tool
    return Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=schema_of(offer.asked, mode="validation"),
        output_schema=schema_of(offer.answer, mode="serialization"),
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.read_only,
            destructive_hint=tool.destructive,
            idempotent_hint=tool.idempotent,
            open_world_hint=tool.open_world,
        ),
    )


def _refuse_cursor(params: Paging) -> None:
    if params is not None and params.cursor is not None:
        raise MCPError(INVALID_PARAMS, "There is no such cursor: lists here are whole")


def _protocol_error(problem: Problem, **about: str) -> MCPError:
    """Return a problem where the protocol has no result for one."""
    code = INVALID_PARAMS if problem.code in NOT_THERE else REFUSED
    return MCPError(code, problem.message, {**problem.model_dump(mode="json"), **redacted(about)})


def _unknown_tool(visit: Visit) -> Problem:
    return Problem(
        code="TOOL_UNKNOWN",
        message="Unknown tool",
        remediation="Call one that tools/list names.",
        call_id=visit.call_id,
    )


def _no_resource(visit: Visit) -> Problem:
    return Problem(
        code="NOT_FOUND",
        message="Resource not found",
        remediation="Use an address that resources/list or resources/templates/list names.",
        call_id=visit.call_id,
    )
