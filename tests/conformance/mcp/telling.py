"""Tools and prompts of the public suite that only tell something."""

import asyncio
import warnings
from collections.abc import Mapping
from typing import Any, Final

from mcp.shared.exceptions import MCPDeprecationWarning
from mcp_types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    GetPromptRequestParams,
    GetPromptResult,
    ImageContent,
    PromptMessage,
    Result,
    TextContent,
    TextResourceContents,
)

# One red dot, and silence of no length.
PNG: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
WAV: Final = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
PAUSE_S: Final = 0.05

IMAGE: Final = ImageContent(type="image", data=PNG, mime_type="image/png")


def text(words: str) -> TextContent:
    return TextContent(type="text", text=words)


def resource(uri: str, mime_type: str, words: str) -> EmbeddedResource:
    content = TextResourceContents(uri=uri, mime_type=mime_type, text=words)
    return EmbeddedResource(type="resource", resource=content)


def _tells(*content: ContentBlock, is_error: bool = False) -> Any:
    async def told(_context: Any, _params: Any) -> Result:
        return CallToolResult(content=list(content), is_error=is_error)

    return told


async def _logs(context: Any, _params: Any) -> Result:
    with warnings.catch_warnings():
        # The suite asks for what the newest protocol advises against.
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        for word in ("Tool execution started", "Tool processing data", "Tool execution completed"):
            await context.session.send_log_message(
                level="info", data=word, related_request_id=context.request_id
            )
            await asyncio.sleep(PAUSE_S)
    return CallToolResult(content=[text("Logged three times.")])


async def _progresses(context: Any, _params: Any) -> Result:
    for done in (0, 50, 100):
        await context.session.report_progress(done, 100)
        await asyncio.sleep(PAUSE_S)
    return CallToolResult(content=[text("Went all the way.")])


def _says(*content: ContentBlock) -> Any:
    async def said(_context: Any, _params: Any) -> Result:
        return GetPromptResult(
            messages=[PromptMessage(role="user", content=one) for one in content]
        )

    return said


async def _with_arguments(context: Any, params: GetPromptRequestParams) -> Result:
    given = params.arguments or {}
    words = f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'"
    found: Result = await _says(text(words))(context, params)
    return found


async def _with_resource(context: Any, params: GetPromptRequestParams) -> Result:
    uri = (params.arguments or {})["resourceUri"]
    content = resource(uri, "text/plain", "Embedded resource content for testing.")
    after = text("Please process the embedded resource above.")
    found: Result = await _says(content, after)(context, params)
    return found


TOOLS: Final[Mapping[str, Any]] = {
    "test_simple_text": _tells(text("This is a simple text response for testing.")),
    "test_image_content": _tells(IMAGE),
    "test_audio_content": _tells(AudioContent(type="audio", data=WAV, mime_type="audio/wav")),
    "test_embedded_resource": _tells(
        resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")
    ),
    "test_multiple_content_types": _tells(
        text("Multiple content types test:"),
        IMAGE,
        resource(
            "test://mixed-content-resource", "application/json", '{"test":"data","value":123}'
        ),
    ),
    "test_error_handling": _tells(
        text("This tool intentionally returns an error for testing"), is_error=True
    ),
    "json_schema_2020_12_tool": _tells(text("Any address will do.")),
    "test_logging_tool": _logs,
    "test_tool_with_logging": _logs,
    "test_tool_with_progress": _progresses,
}
PROMPTS: Final[Mapping[str, Any]] = {
    "test_simple_prompt": _says(text("This is a simple prompt for testing.")),
    "test_prompt_with_arguments": _with_arguments,
    "test_prompt_with_embedded_resource": _with_resource,
    "test_prompt_with_image": _says(IMAGE, text("Please analyze the image above.")),
}
