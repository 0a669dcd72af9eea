"""A small HTTP server on a loopback port whose answers, and failures, a test chooses."""

import asyncio
import contextlib
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Reply:
    """What the server answers; `cut` sends half of the body and hangs up.

    `endless` sends the body again and again for as long as somebody listens, and with `stays_open`
    nothing follows it. A header without text is left out.
    """

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    endless: bool = False
    stays_open: bool = False


class HangUp(Exception):
    """Ends the connection without an answer."""


async def silence() -> Reply:
    """Answer nothing for as long as the caller cares to wait."""
    await asyncio.Event().wait()
    raise HangUp


class LoopbackServer(ABC):
    """Answers one request a connection; subclass it and write `answer`.

    With `keeps_alive` it takes one request after another, as most servers do.
    """

    keeps_alive = False

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self._port = port
        self._server: asyncio.Server | None = None
        self._starting: asyncio.Task[None] | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    @abstractmethod
    async def answer(self, request: Request) -> Reply:
        """Return the answer to a request, or raise HangUp."""

    async def start(self) -> None:
        """Listen, on a free port unless one was given."""
        await self._serve(self._listen())

    async def stop(self) -> None:
        """Listen no longer and end every talk."""
        if self._starting is not None:
            await self._starting
        self.go_down()
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def go_down(self) -> None:
        """Refuse connections until `come_up`."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def come_up(self) -> None:
        """Take connections again, on the same port."""
        self._starting = asyncio.ensure_future(self._serve(self._listen()))

    def times_asked(self, method: str, path: str) -> int:
        """Return how many requests of a method to a path arrived."""
        return sum((asked.method, asked.path) == (method, path) for asked in self.requests)

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, self._port))
        listener.listen()
        self._port = listener.getsockname()[1]
        return listener

    async def _serve(self, listener: socket.socket) -> None:
        self._server = await asyncio.start_server(self._talk, sock=listener)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            # Only `stop` and `go_down` cancel a talk, and there is nobody to tell.
            with contextlib.suppress(asyncio.CancelledError):
                await self._exchange(reader, writer)
        finally:
            self._talks.discard(talk)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        more = True
        while more:
            try:
                request = await _read(reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            self.requests.append(request)
            more = False
            with contextlib.suppress(HangUp, ConnectionError):
                reply = await self.answer(request)
                more = self.keeps_alive and not (reply.cut or reply.endless or reply.stays_open)
                writer.write(_written(reply, keep_alive=more))
                await writer.drain()
                while reply.endless:
                    writer.write(reply.body.encode())
                    await writer.drain()
                if reply.stays_open:
                    await reader.read()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    pairs = (line.split(":", 1) for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Request(
        method, unquote(parts.path), dict(parse_qsl(parts.query)), headers, body.decode()
    )


def _written(reply: Reply, *, keep_alive: bool) -> bytes:
    body = reply.body.encode()
    headers = {
        "content-type": "application/json",
        "connection": "keep-alive" if keep_alive else "close",
        **reply.headers,
    }
    if not (reply.endless or reply.stays_open):
        headers.setdefault("content-length", str(len(body)))
    lines = [
        f"HTTP/1.1 {reply.status} said",
        *(f"{name}: {text}" for name, text in headers.items() if text),
    ]
    sent = body[: len(body) // 2] if reply.cut else body
    return "\r\n".join([*lines, "", ""]).encode() + sent
