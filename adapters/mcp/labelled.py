"""Texts of MCP servers, with where they came from.

They are untrusted data. They may be parsed, compared and shown as a quotation; no code takes a
tool's name or arguments from one.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """The server and the tool that a text came from."""

    server: str
    tool: str


@dataclass(frozen=True, repr=False)
class LabelledText:
    """A text that somebody else wrote; its repr tells its origin and length, never its words."""

    origin: Origin
    text: str

    def __repr__(self) -> str:
        return f"<{len(self.text)} characters of {self.origin.server}:{self.origin.tool}>"


@dataclass(frozen=True)
class ToolAnswer:
    """What a tool answered; `is_error` is the server's own mark.

    `texts` are its text blocks in order; `others` counts the blocks of every other kind.
    """

    is_error: bool
    texts: tuple[LabelledText, ...]
    others: int = 0
