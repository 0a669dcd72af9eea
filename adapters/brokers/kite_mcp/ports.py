"""What the Kite broker asks of the session: one tool call, and how it can fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue


@dataclass(frozen=True)
class KiteReply:
    """The one text a tool answers with; `is_error` is the server's own mark.

    The text is data, and may be a login link: no repr shows it.
    """

    is_error: bool
    text: str = field(repr=False)


class ToolsUnavailable(Exception):
    """The call surely did not leave for the server; nothing was sent."""

    code = "KITE_TOOLS_UNAVAILABLE"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ToolsInterrupted(Exception):
    """The call may have reached the server and no answer was understood."""

    code = "KITE_TOOLS_INTERRUPTED"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class KiteTools(Protocol):
    """One logged-in Kite session; whoever holds it trades one account."""

    async def call(self, name: str, arguments: Mapping[str, JsonValue]) -> KiteReply:
        """Call a tool exactly once and return its answer, error marks included.

        Raises ToolsUnavailable when the call surely was not sent, ToolsInterrupted when it may
        have been. A call that writes is never sent again by the session.
        """
        ...

    async def make_ready(self, name: str) -> None:
        """Do what goes before a call of a tool; raises ToolsUnavailable where none would leave."""
        ...
