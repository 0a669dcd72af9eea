"""Tools and prompts of the public suite that ask the client for something first.

None of ours does: nobody's yes in a client would count. The older protocol asks while the call
waits, the newer answers with what it needs and is called again.
"""

import warnings
from collections.abc import Mapping
from typing import Any, Final

from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolResult,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    GetPromptResult,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    ListRootsResult,
    PromptMessage,
    Result,
    SamplingMessage,
)

from tests.conformance.mcp.telling import text

STATE: Final = "round-1"
LATER_STATE: Final = "round-2"


def form(message: str, **fields: str) -> ElicitRequest:
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in fields.items()},
        "required": list(fields),
    }
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(question: str, max_tokens: int) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=text(question))
    return CreateMessageRequest(
        params=CreateMessageRequestParams(messages=[message], max_tokens=max_tokens)
    )


NAME: Final = form("What is your name?", name="string")
CONFIRM: Final = form("Please confirm", ok="boolean")


def _needs(asked: Mapping[str, InputRequest], answer: Any, state: str | None = None) -> Any:
    """Ask until every answer is there and fits, then say what `answer` makes of them."""

    async def run(_context: Any, params: Any) -> Result:
        given = params.input_responses or {}
        if all(_fits(request, given.get(name)) for name, request in asked.items()):
            return CallToolResult(content=[text(answer(given))])
        return InputRequiredResult(input_requests=dict(asked), request_state=state)

    return run


def _fits(request: InputRequest, response: Any) -> bool:
    match request:
        case ElicitRequest():
            return isinstance(response, ElicitResult) and response.content is not None
        case CreateMessageRequest():
            return isinstance(response, CreateMessageResult)
        case _:
            return isinstance(response, ListRootsResult)


async def _rounds(_context: Any, params: Any) -> Result:
    given = params.input_responses or {}
    if params.request_state == LATER_STATE and "step2" in given:
        return CallToolResult(content=[text("Both steps are done.")])
    if params.request_state == STATE and "step1" in given:
        asked = form("Step 2: What is your favorite color?", color="string")
        return InputRequiredResult(input_requests={"step2": asked}, request_state=LATER_STATE)
    asked = form("Step 1: What is your name?", name="string")
    return InputRequiredResult(input_requests={"step1": asked}, request_state=STATE)


async def _what_it_can(context: Any, params: Any) -> Result:
    can = context.session.client_capabilities
    asked: dict[str, InputRequest] = {}
    if can is not None and can.elicitation is not None:
        asked["user_name"] = NAME
    if can is not None and can.sampling is not None:
        asked["greeting"] = sample("Generate a greeting", 50)
    run: Result = await _needs(asked, lambda _given: "Asked for what there is.")(context, params)
    return run


async def _needs_sampling(context: Any, _params: Any) -> Result:
    can = context.session.client_capabilities
    if can is None or can.sampling is None:
        needed: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "This needs sampling", needed)
    return CallToolResult(content=[text("The client can sample.")])


async def _context_prompt(_context: Any, params: Any) -> Result:
    given = (params.input_responses or {}).get("user_context")
    if not isinstance(given, ElicitResult) or given.content is None:
        asked = form("What context should the prompt use?", context="string")
        return InputRequiredResult(input_requests={"user_context": asked})
    said = text(f"Use this context: {given.content['context']}")
    return GetPromptResult(messages=[PromptMessage(role="user", content=said)])


async def _samples(context: Any, params: Any) -> Result:
    message = SamplingMessage(role="user", content=text(params.arguments["prompt"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        answer = await context.session.create_message(
            [message], max_tokens=100, related_request_id=context.request_id
        )
    return CallToolResult(content=[text(f"LLM response: {answer.content.text}")])


def _elicits(schema: Mapping[str, Any], said: str, message: str | None = None) -> Any:
    async def run(context: Any, params: Any) -> Result:
        answer = await context.session.elicit_form(
            message or params.arguments["message"], dict(schema), context.request_id
        )
        words = f"{said}: action={answer.action}, content={answer.content}"
        return CallToolResult(content=[text(words)])

    return run


PERSON: Final = {
    "type": "object",
    "properties": {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    },
    "required": ["username", "email"],
}
DEFAULTS: Final = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {
            "type": "string",
            "enum": ["active", "inactive", "pending"],
            "default": "active",
        },
        "verified": {"type": "boolean", "default": True},
    },
}
PLAIN: Final = ["option1", "option2", "option3"]
TITLED: Final = [
    {"const": f"value{number}", "title": f"{name} Option"}
    for number, name in enumerate(("First", "Second", "Third"), start=1)
]
ENUMS: Final = {
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": PLAIN},
        "titledSingle": {"type": "string", "oneOf": TITLED},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": PLAIN}},
        "titledMulti": {"type": "array", "items": {"anyOf": TITLED}},
    },
}
TOOLS: Final[Mapping[str, Any]] = {
    "test_sampling": _samples,
    "test_elicitation": _elicits(PERSON, "User response"),
    "test_elicitation_sep1034_defaults": _elicits(
        DEFAULTS, "Elicitation completed", "Check the defaults"
    ),
    "test_elicitation_sep1330_enums": _elicits(ENUMS, "Elicitation completed", "Choose"),
    "test_input_required_result_elicitation": _needs(
        {"user_name": NAME}, lambda given: f"Hello, {given['user_name'].content.get('name')}!"
    ),
    "test_input_required_result_sampling": _needs(
        {"capital_question": sample("What is the capital of France?", 100)},
        lambda given: str(given["capital_question"].content.text),
    ),
    "test_input_required_result_list_roots": _needs(
        {"client_roots": ListRootsRequest()},
        lambda given: ", ".join(str(root.uri) for root in given["client_roots"].roots),
    ),
    "test_input_required_result_request_state": _needs(
        {"confirm": CONFIRM}, lambda _given: "state-ok", STATE
    ),
    "test_input_required_result_multiple_inputs": _needs(
        {
            "user_name": NAME,
            "greeting": sample("Generate a greeting", 50),
            "client_roots": ListRootsRequest(),
        },
        lambda _given: "All three were given.",
        STATE,
    ),
    "test_input_required_result_multi_round": _rounds,
    "test_input_required_result_tampered_state": _needs(
        {"confirm": CONFIRM}, lambda _given: "state-ok", STATE
    ),
    "test_input_required_result_capabilities": _what_it_can,
    "test_missing_capability": _needs_sampling,
    "test_streaming_elicitation": _needs({"user_name": NAME}, lambda _given: "Thank you."),
}
PROMPTS: Final[Mapping[str, Any]] = {"test_input_required_result_prompt": _context_prompt}
