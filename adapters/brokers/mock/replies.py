"""The mock broker's answers, those that never come and those that break off among them."""

from collections.abc import Callable
from typing import Final, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from adapters.brokers.mock.wire import NOT_PROCESSED, Refusal

# The connection's own `close`, put into the scope by the listener.
HANG_UP: Final = "mock.hang_up"


class Silence(Response):
    """Close the connection without a byte of an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await _hang_up(scope, receive)


class HalfAnswer(Response):
    """Send the head and half of the body, then close the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = {"type": "http.response.start", "status": self.status_code}
        await send({**head, "headers": self.raw_headers})
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _hang_up(scope, receive)


def json_answer(body: bytes, status: int = 200) -> Response:
    """Answer with JSON that is already text."""
    return Response(body, status, media_type="application/json")


def refusal(reason: str, status: int = 422) -> Response:
    """Answer that the call was refused for good."""
    return json_answer(Refusal(refused=reason).model_dump_json().encode(), status)


def not_processed() -> Response:
    """Answer that nothing of the call was read."""
    return Response("down", 503, {NOT_PROCESSED: "1"})


async def _hang_up(scope: Scope, receive: Receive) -> None:
    close = cast(Callable[[], None], scope["extensions"][HANG_UP])
    close()
    while (await receive())["type"] != "http.disconnect":
        pass
