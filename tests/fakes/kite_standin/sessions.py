"""The sessions of the server, in its memory only, and the signed links that lead back to them."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from adapters.ports import Clock
from tests.fakes.kite_standin.kite import API_KEY
from tests.fakes.kite_standin.tool_server import Login

LIFE: Final = timedelta(hours=12)
SWEEP: Final = timedelta(minutes=30)
LINK_LIFE: Final = timedelta(minutes=35)


@dataclass
class Session:
    """One session; it ends 12 h after it was opened, whatever happens in it."""

    link: Callable[[], str]
    id: str
    ends_at: datetime
    login: Login | None = None
    ended: bool = False


class Sessions:
    """Opens, finds and forgets sessions. `link` makes a login link of a signed parameter."""

    def __init__(self, clock: Clock, random: Random, link: Callable[[str], str]) -> None:
        self._clock = clock
        self._random = random
        self._link = link
        self._secret = random.randbytes(32)
        self._started_at = clock.now()
        self._by_id: dict[str, Session] = {}

    def open(self) -> Session:
        """Open a session under a new id."""
        name = f"kitemcp-{UUID(int=self._random.getrandbits(128), version=4)}"
        ends_at = self._clock.now() + LIFE
        session = Session(lambda: self._link(self._signed(name)), id=name, ends_at=ends_at)
        self._by_id[name] = session
        return session

    def find(self, session_id: str) -> Session | None:
        """Return a session, ended or not; None for one that is not known here."""
        session = self._by_id.get(session_id)
        if session is not None and self._clock.now() > session.ends_at:
            session.ended = True
        return session

    def all(self) -> list[Session]:
        """Return every session in memory."""
        return list(self._by_id.values())

    def sweep(self) -> list[Session]:
        """Forget what was over at the last half hour; return those whose login nobody ended."""
        beats = (self._clock.now() - self._started_at) // SWEEP
        swept_at = self._started_at + beats * SWEEP
        over = [session for session in self.all() if session.ends_at < swept_at]
        for session in over:
            del self._by_id[session.id]
        return [session for session in over if not session.ended]

    def forget(self) -> None:
        """Lose all sessions and the secret of the links, as a restart does."""
        self._by_id.clear()
        self._secret = self._random.randbytes(32)
        self._started_at = self._clock.now()

    def signed_for(self, parameter: str) -> Session | None:
        """Return the living session that a link's parameter was signed for."""
        session_id = self.verified(parameter)
        session = None if session_id is None else self.find(session_id)
        return None if session is None or session.ended else session

    def verified(self, parameter: str) -> str | None:
        """Return the session id in a parameter that this server signed not too long ago."""
        payload, _, _ = parameter.partition(".")
        session_id, _, written = payload.partition("|")
        if not hmac.compare_digest(parameter.encode(), self._sign(payload).encode()):
            return None
        signed_at = datetime.fromtimestamp(int(written), self._started_at.tzinfo)
        return session_id if self._clock.now() - signed_at <= LINK_LIFE else None

    def _signed(self, session_id: str) -> str:
        return self._sign(f"{session_id}|{int(self._clock.now().timestamp())}")

    def _sign(self, payload: str) -> str:
        digest = hmac.new(self._secret, payload.encode(), hashlib.sha256).digest()
        return f"{payload}.{base64.urlsafe_b64encode(digest).decode()}"


def login_address(origin: str, signed: str) -> str:
    """Return Kite's login page for a signed parameter."""
    redirect = f"session_id={signed}"
    query = urlencode({"api_key": API_KEY, "v": "3", "redirect_params": redirect})
    return f"{origin}/connect/login?{query}"
