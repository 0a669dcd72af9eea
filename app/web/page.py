"""Serve the page: our own files, with headers that let no other code or address in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request, Response

from app.errors import NotFound

CONTENT_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Trusted types make the browser refuse any markup made from text, whatever our scripts do.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class StaticFile:
    """One file of the page, read once."""

    body: bytes
    content_type: str
    etag: str


@router.api_route("/", methods=["GET", "HEAD"])
async def page(request: Request) -> Response:
    """Answer with the page."""
    return _answer(request, static_files()["index.html"])


@router.api_route("/static/{name}", methods=["GET", "HEAD"])
async def static_file(request: Request, name: str) -> Response:
    """Answer with one of the page's files."""
    found = static_files().get(name)
    if found is None:
        raise NotFound(f"the page has no file {name[:60]!r}", remedy="Open the page at /.")
    return _answer(request, found)


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Return the files by name; only what lies in the package can be asked for."""
    folder = files(__package__) / "static"
    return {
        entry.name: _read(entry.name, entry.read_bytes())
        for entry in folder.iterdir()
        if _suffix(entry.name) in CONTENT_TYPES
    }


def _read(name: str, body: bytes) -> StaticFile:
    return StaticFile(
        body=body,
        content_type=CONTENT_TYPES[_suffix(name)],
        etag=f'"{sha256(body).hexdigest()[:32]}"',
    )


def _suffix(name: str) -> str:
    return name[name.rfind(".") :] if "." in name else ""


def _answer(request: Request, file: StaticFile) -> Response:
    headers = {**HEADERS, "ETag": file.etag}
    if _already_there(request.headers.get("if-none-match", ""), file.etag):
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.content_type, headers=headers)


def _already_there(known: str, etag: str) -> bool:
    return etag in {item.strip().removeprefix("W/") for item in known.split(",")}
