"""How a call to an MCP server fails, by what is known of it."""

from enum import StrEnum


class Sent(StrEnum):
    """Whether a call can have reached the server: NO is certain, MAYBE is everything else."""

    NO = "NO"
    MAYBE = "MAYBE"


class CallFailed(Exception):
    """A call brought no answer that could be used.

    `status` and `said` are the HTTP answer, where there was one that was no JSON-RPC: `said` is
    its short text. `rpc_code` and `rpc_said` are the JSON-RPC error, where that was the answer.
    Both texts are the server's and only data.
    """

    code = "MCP_CALL_FAILED"

    def __init__(
        self,
        message: str,
        *,
        sent: Sent,
        status: int | None = None,
        said: str = "",
        rpc_code: int | None = None,
        rpc_said: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent
        self.status = status
        self.said = said
        self.rpc_code = rpc_code
        self.rpc_said = rpc_said
