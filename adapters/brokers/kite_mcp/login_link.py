"""The login link in the prose of the `login` tool, read strictly. Pure.

The prose is written for a model to pass on; nothing of it is passed on but the one link, when it
is Kite's own page for our own session, and the warning, as plain words.
"""

import re
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import SecretStr

from adapters.brokers.kite_mcp.fields import Unreadable

KITE: Final = "kite.zerodha.com"
THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost"})
LONGEST: Final = 2000
WARNING: Final = (
    "WARNING: AI systems are unpredictable. By logging in you let this system reach your Zerodha "
    "account at your own risk."
)
# The whole of it: what follows an @ is the host, whatever stands before.
_STANDS_IN: Final = re.compile(r"127\.0\.0\.1:[0-9]{1,5}", re.ASCII)
_LINK: Final = re.compile(r"\[Login to Kite\]\((https?://[^\s()\[\]<>\"]+)\)")
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s()\[\]<>\"]+", re.IGNORECASE)
_WARNING: Final = re.compile(r"\*\*(WARNING: [^*\[\]<>:]{1,400})\*\*")


def link_in(text: str, *, session_id: SecretStr, server_url: str) -> str:
    """Return the address of Kite's login page; raises Unreadable, and names no address.

    It is the only address in the text, Kite's own page over TLS, and for our session. A server on
    this machine may be a stand-in, whose page is on this machine too.
    """
    found = set(_LINK.findall(text))
    if len(found) != 1 or set(_ADDRESS.findall(text)) != found:
        raise Unreadable("Kite's server gave no login link, or another address beside it")
    link = str(found.pop())
    if len(link) > LONGEST or not link.isascii():
        raise Unreadable("the login link is longer than any of Kite's")
    parts = urlsplit(link)
    if not _is_kites_page(parts, server_url):
        raise Unreadable("the login link does not lead to Kite")
    if _session_in(parts) != session_id.get_secret_value():
        raise Unreadable("the login link is not for this session")
    return link


def warning_in(text: str) -> str:
    """Return the warning that goes with the link, or our own where it has another form."""
    found = _WARNING.search(text)
    if found is None or not found[1].isprintable():
        return WARNING
    return found[1]


def _is_kites_page(parts: SplitResult, server_url: str) -> bool:
    if not parts.path.endswith("/connect/login"):
        return False
    if parts.scheme == "https" and parts.netloc == KITE and parts.path == "/connect/login":
        return True
    stands_in = urlsplit(server_url).hostname in THIS_MACHINE
    return stands_in and parts.scheme == "http" and _STANDS_IN.fullmatch(parts.netloc) is not None


def _session_in(parts: SplitResult) -> str:
    passed = parse_qs(parts.query).get("redirect_params", [""])
    signed = parse_qs(passed[0]).get("session_id", [""]) if len(passed) == 1 else [""]
    return signed[0].partition("|")[0] if len(signed) == 1 else ""
