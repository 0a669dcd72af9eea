"""What the public suite asks for by name, registered beside our own on the same server.

What it does not name is handed to the product's own handler.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp_types import (
    BlobResourceContents,
    CallToolRequestParams,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    EmptyResult,
    GetPromptRequestParams,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptReference,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    SetLevelRequestParams,
    SubscribeRequestParams,
    TextResourceContents,
    Tool,
    UnsubscribeRequestParams,
)
from pydantic import BaseModel

from tests.conformance.mcp import asking, telling
from tests.conformance.mcp.telling import PNG

Context: TypeAlias = ServerRequestContext[Any, Any]
Handler: TypeAlias = Callable[[Context, Any], Awaitable[HandlerResult]]

TOOLS: Final[Mapping[str, Handler]] = {**telling.TOOLS, **asking.TOOLS}
PROMPTS: Final[Mapping[str, Handler]] = {**telling.PROMPTS, **asking.PROMPTS}
WORDED: Final = {"test_sampling": "prompt", "test_elicitation": "message"}
NAMED: Final = {
    "test_prompt_with_arguments": ("arg1", "arg2"),
    "test_prompt_with_embedded_resource": ("resourceUri",),
}
# Every kind of keyword that a server must hand on as it is.
ADDRESS: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
TEXT: Final = TextResourceContents(
    uri="test://static-text",
    mime_type="text/plain",
    text="This is the content of the static text resource.",
)
BINARY: Final = BlobResourceContents(uri="test://static-binary", mime_type="image/png", blob=PNG)
RESOURCES: Final = {content.uri: content for content in (TEXT, BINARY)}
TEMPLATE: Final = ("test://template/", "/data")


def add_fixture(server: Server[Any]) -> None:
    """Register the suite's tools, resources and prompts on our server."""
    server.middleware.append(
        RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience=server.name)
    )
    own = {method: _own(server, method) for method in SHARED}
    for method, (params, make) in SHARED.items():
        server.add_request_handler(method, params, make(own[method]))
    server.add_request_handler("logging/setLevel", SetLevelRequestParams, _nothing)
    server.add_request_handler("resources/subscribe", SubscribeRequestParams, _nothing)
    server.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, _nothing)
    server.get_tool_input_schema = None


def _own(server: Server[Any], method: str) -> Handler:
    entry = server.get_request_handler(method)
    assert entry is not None
    return entry.handler


async def _nothing(_context: Context, _params: BaseModel) -> HandlerResult:
    return EmptyResult()


def _list_tools(own: Handler) -> Handler:
    async def listed(context: Context, params: Any) -> HandlerResult:
        ours = await own(context, params)
        assert isinstance(ours, ListToolsResult)
        return ListToolsResult(tools=[*ours.tools, *map(_tool, TOOLS)])

    return listed


def _tool(name: str) -> Tool:
    word = WORDED.get(name)
    schema = ADDRESS if name == "json_schema_2020_12_tool" else {"type": "object"}
    if word is not None:
        schema = {**schema, "properties": {word: {"type": "string"}}, "required": [word]}
    return Tool(name=name, description="For the public suite.", input_schema=schema)


def _call_tool(own: Handler) -> Handler:
    async def called(context: Context, params: CallToolRequestParams) -> HandlerResult:
        return await TOOLS.get(params.name, own)(context, params)

    return called


def _list_prompts(own: Handler) -> Handler:
    async def listed(context: Context, params: Any) -> HandlerResult:
        ours = await own(context, params)
        assert isinstance(ours, ListPromptsResult)
        return ListPromptsResult(prompts=[*ours.prompts, *map(_prompt, PROMPTS)])

    return listed


def _prompt(name: str) -> Prompt:
    arguments = [PromptArgument(name=one, required=True) for one in NAMED.get(name, ())]
    return Prompt(name=name, description="For the public suite.", arguments=arguments)


def _get_prompt(own: Handler) -> Handler:
    async def got(context: Context, params: GetPromptRequestParams) -> HandlerResult:
        return await PROMPTS.get(params.name, own)(context, params)

    return got


def _list_resources(own: Handler) -> Handler:
    async def listed(context: Context, params: Any) -> HandlerResult:
        ours = await own(context, params)
        assert isinstance(ours, ListResourcesResult)
        theirs = [
            Resource(uri=uri, name=uri.removeprefix("test://"), mime_type=content.mime_type)
            for uri, content in RESOURCES.items()
        ]
        return ListResourcesResult(resources=[*ours.resources, *theirs])

    return listed


def _list_templates(own: Handler) -> Handler:
    async def listed(context: Context, params: Any) -> HandlerResult:
        ours = await own(context, params)
        assert isinstance(ours, ListResourceTemplatesResult)
        theirs = ResourceTemplate(name="template", uri_template="{id}".join(TEMPLATE))
        return ListResourceTemplatesResult(resource_templates=[*ours.resource_templates, theirs])

    return listed


def _read_resource(own: Handler) -> Handler:
    async def read(context: Context, params: ReadResourceRequestParams) -> HandlerResult:
        before, after = TEMPLATE
        if params.uri in RESOURCES:
            return ReadResourceResult(contents=[RESOURCES[params.uri]])
        if params.uri.startswith(before) and params.uri.endswith(after):
            number = params.uri.removeprefix(before).removesuffix(after)
            text = f'{{"id":"{number}","templateTest":true,"data":"Data for ID: {number}"}}'
            content = TextResourceContents(uri=params.uri, mime_type="application/json", text=text)
            return ReadResourceResult(contents=[content])
        return await own(context, params)

    return read


def _complete(own: Handler) -> Handler:
    async def completed(context: Context, params: CompleteRequestParams) -> HandlerResult:
        if isinstance(params.ref, PromptReference) and params.ref.name in PROMPTS:
            return CompleteResult(completion=Completion(values=["paris", "park", "party"]))
        return await own(context, params)

    return completed


SHARED: Final[Mapping[str, tuple[type[BaseModel], Callable[[Handler], Handler]]]] = {
    "tools/list": (PaginatedRequestParams, _list_tools),
    "tools/call": (CallToolRequestParams, _call_tool),
    "prompts/list": (PaginatedRequestParams, _list_prompts),
    "prompts/get": (GetPromptRequestParams, _get_prompt),
    "resources/list": (PaginatedRequestParams, _list_resources),
    "resources/templates/list": (PaginatedRequestParams, _list_templates),
    "resources/read": (ReadResourceRequestParams, _read_resource),
    "completion/complete": (CompleteRequestParams, _complete),
}
