"""The few pages a person sees in a browser: Kite's login, the way back, and the status."""

from collections.abc import Iterable
from html import escape
from typing import Final
from urllib.parse import urlencode

from tests.fakes.kite_standin.account import User

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}"
)


def page(title: str, body: str) -> str:
    """Return a page; the body is HTML already."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="UTF-8" /><title>{escape(title)}'
        f"</title><style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )


def login_page(users: Iterable[User], redirect_params: str) -> str:
    """Return the stand-in of Kite's login page: one link for each made-up user."""
    rows = "".join(
        f'<li><a href="/connect/finish?{escape(_finish(user, redirect_params))}">Log in as '
        f"{escape(user.name)} ({escape(user.user_id)})</a>{escape(_remark(user))}</li>"
        for user in users
    )
    return page(
        "Kite login (stand-in)",
        f"<p>Not Zerodha: made-up users of a program on this machine.</p><ul>{rows}</ul>",
    )


def success_page() -> str:
    """Return what the server shows after a login."""
    return page(
        "Login Successful – Kite MCP Server",
        "<p>You can close this window and go back to your conversation.</p>",
    )


def status_page() -> str:
    """Return the server's front page."""
    return page("Kite MCP Server", "<p>Running. This is the stand-in.</p>")


def _finish(user: User, redirect_params: str) -> str:
    return urlencode({"user_id": user.user_id, "redirect_params": redirect_params})


def _remark(user: User) -> str:
    if not user.has_data:
        return " — a plan without quotes and history"
    return "" if user.demat_consent else " — cannot sell holdings: no demat consent"
