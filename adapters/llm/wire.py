"""The one door to a model: what goes out is inspected, what comes in is bounded."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Final

import httpx2
from pydantic import SecretStr

from adapters.errors import ModelReplyInvalid, OutboundBlocked
from adapters.llm.outbound import kinds_found, strings_in

PLAIN: Final = "identity"


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Sends a request only when nothing in it must stay here; nothing else may send any.

    Raises OutboundBlocked before a byte leaves and ModelReplyInvalid for a reply of more than
    `reply_bytes_max`. Compressed replies are refused, for they may grow without end.
    """

    def __init__(
        self,
        inner: httpx2.AsyncBaseTransport,
        *,
        reply_bytes_max: int,
        never: Sequence[SecretStr] = (),
    ) -> None:
        self._inner = inner
        self._reply_bytes_max = reply_bytes_max
        self._never = never

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._inspect(request.content)
        request.headers["accept-encoding"] = PLAIN
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", PLAIN) != PLAIN:
            await response.aclose()
            raise ModelReplyInvalid("the model's reply is compressed, which was not asked for")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream, self._reply_bytes_max)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _inspect(self, body: bytes) -> None:
        try:
            said = list(strings_in(json.loads(body)))
        except ValueError:
            raise OutboundBlocked(
                "the request could not be inspected, so it was not sent"
            ) from None
        kinds = kinds_found(said, [secret.get_secret_value() for secret in self._never])
        if kinds:
            raise OutboundBlocked(f"the request held {', '.join(kinds)}, so it was not sent")


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, most: int) -> None:
        self._inner = inner
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._inner:
            seen += len(chunk)
            if seen > self._most:
                raise ModelReplyInvalid(f"the model's reply has more than {self._most} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
