"""The toolbox of one turn: every call is checked against the caller's scopes and recorded."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import JsonValue

from riskgate.contracts.traces import ToolCall
from tools.scopes import Scope

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool's public face; its handler is a plain function in its own file.

    `destructive` says that it can undo or spend something, `idempotent` that repeating a call
    changes nothing more, `open_world` that the broker or the market is asked.
    """

    name: str
    title: str
    description: str
    scope: Scope
    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool


class ToolDenied(Exception):
    """The caller's scopes do not reach the tool; nothing was called."""

    code = "TOOL_SCOPE_MISSING"

    def __init__(self, tool: Tool) -> None:
        super().__init__(f"{tool.name} needs the scope {tool.scope}")
        self.tool = tool


@dataclass
class Toolbox:
    """Calls tools for one turn. `microseconds` is a monotonic clock; `calls` is the record."""

    scopes: frozenset[Scope]
    microseconds: Callable[[], int]
    calls: list[ToolCall] = field(default_factory=list)

    async def call(
        self,
        tool: Tool,
        arguments: Mapping[str, JsonValue],
        act: Callable[[], Awaitable[Result]],
        summarise: Callable[[Result], str],
    ) -> Result:
        """Run a tool when the scopes allow it, and record what it was asked and gave.

        Raises ToolDenied without running it; what the tool raises passes through, recorded.
        """
        if tool.scope not in self.scopes:
            self._record(tool, arguments, "denied", f"needs the scope {tool.scope}", 0)
            raise ToolDenied(tool)
        started = self.microseconds()
        outcome, summary = "failed", "raised an error"
        try:
            result = await act()
            outcome, summary = "ok", summarise(result)
        finally:
            self._record(tool, arguments, outcome, summary, self.microseconds() - started)
        return result

    def _record(
        self,
        tool: Tool,
        arguments: Mapping[str, JsonValue],
        outcome: str,
        summary: str,
        duration_us: int,
    ) -> None:
        self.calls.append(
            ToolCall(
                tool=tool.name,
                arguments=dict(arguments),
                outcome=outcome,
                summary=summary[:500],
                duration_us=max(duration_us, 0),
            )
        )
