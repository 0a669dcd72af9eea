"""Which Host and Origin a request may name: a page elsewhere must not reach a server at home."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def host_is_ours(host: str | None, ours: Iterable[str]) -> bool:
    """Say whether a Host header names this server, on whatever port."""
    return _name(f"//{host}") in frozenset(ours) if host else False


def origin_is_ours(origin: str | None, ours: Iterable[str]) -> bool:
    """Say whether a page of this server asks, or a program that is no page."""
    if origin is None:
        return True
    return origin.startswith(("http://", "https://")) and _name(origin) in frozenset(ours)


def _name(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return None if parts.username is not None else parts.hostname
