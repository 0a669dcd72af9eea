"""Kite behind the server: who may log in, which tokens live, and whose account a request is of."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final
from urllib.parse import urlencode

from pydantic import JsonValue

from adapters.ports import Clock, MarketData
from tests.fakes.kite_oms import FIRST_ORDER_ID, KiteOms, Refused
from tests.fakes.kite_standin.account import KiteAccount, Query, User
from tests.fakes.kite_standin.bars import Bars
from tests.fakes.kite_standin.limits import Limits
from tests.fakes.kite_standin.master import KiteMaster
from tests.fakes.kite_wire import INDIA

API_KEY: Final = "standinkey"
API_SECRET: Final = "standinsecret"
TOKENS_DIE_AT_HOUR: Final = 6
REQUEST_TOKEN_LIVES: Final = timedelta(minutes=5)
IDS_APART: Final = 1_000_000
USERS: Final = (
    User("AB1234", "Asha Bose"),
    User("CD5678", "Chirag Desai"),
    User("EF9012", "Esha Fernandes", has_data=False),
    User("GH3456", "Gopal Hegde", demat_consent=""),
)


@dataclass(frozen=True)
class Asked:
    """One request that the server sent to Kite; `form` is sorted, as it went over the wire."""

    method: str
    path: str
    query: str
    form: str
    auth: bool


class Kite:
    """Answers Kite Connect's paths for a few made-up users; every failure is Refused.

    With `limited` it counts requests as Kite does; without, a clock that stands still is no storm.
    One access token lives for each user: a new login ends the one before, and at 06:00 in India
    all of them die.
    """

    def __init__(
        self,
        *,
        market: MarketData,
        clock: Clock,
        master: KiteMaster,
        random: Random,
        users: Iterable[User] = USERS,
        seed: int = 7,
        limited: bool = False,
    ) -> None:
        self._clock = clock
        self._random = random
        self._requests: dict[str, tuple[str, datetime]] = {}
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self.asked: list[Asked] = []
        bars = Bars(seed=seed, clock=clock, master=master)
        self.accounts = {
            user.user_id: KiteAccount(
                user=user,
                oms=KiteOms(
                    market=market,
                    clock=clock,
                    instruments=master,
                    first_order_id=FIRST_ORDER_ID + number * IDS_APART,
                ),
                master=master,
                bars=bars,
                random=random,
                limits=Limits() if limited else None,
            )
            for number, user in enumerate(users)
        }

    def request_token(self, user_id: str) -> str:
        """Let a user log in at Kite's page; the token can be exchanged once, for five minutes."""
        token = f"rt{self._random.getrandbits(128):032x}"
        self._requests[token] = (user_id, self._clock.now() + REQUEST_TOKEN_LIVES)
        return token

    def access_token(self, user_id: str) -> str:
        """Give a user's one access token; the one before is dead."""
        self.end_tokens(user_id)
        token = f"acc{self._random.getrandbits(128):032x}"
        self._tokens[token] = (user_id, next_death(self._clock.now()))
        return token

    def end_tokens(self, user_id: str | None = None) -> None:
        """End a user's token, as a logout elsewhere does; without a user, everybody's."""
        kept = self._tokens.items() if user_id is not None else ()
        self._tokens = {token: held for token, held in kept if held[0] != user_id}

    @property
    def tokens_alive(self) -> int:
        """How many access tokens live."""
        return sum(self._clock.now() < dies_at for _, dies_at in self._tokens.values())

    def log(
        self, method: str, path: str, query: Query, form: Mapping[str, str] | None, token: str
    ) -> None:
        """Note a request that leaves the server."""
        asked = Asked(
            method=method,
            path=path.split("?")[0],
            query=urlencode(query),
            form=urlencode(sorted((form or {}).items())),
            auth=bool(token),
        )
        self.asked.append(asked)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        form: Mapping[str, str] | None = None,
        token: str = "",
    ) -> JsonValue:
        """Answer one request of the server; raises Refused."""
        self.log(method, path, query, form, token)
        path = path.split("?")[0]
        if path == "/session/token":
            return self._session(method, dict(query), form or {})
        user_id, dies_at = self._tokens.get(token, ("", self._clock.now()))
        if self._clock.now() >= dies_at:
            raise Refused("TokenException: incorrect `api_key` or `access_token`")
        return await self.accounts[user_id].answer(method, path, query, form or {})

    def _session(self, method: str, query: Mapping[str, str], form: Mapping[str, str]) -> JsonValue:
        if method == "DELETE":
            if self._tokens.pop(query["access_token"], None) is None:
                raise Refused("TokenException: invalid token")
            return True
        user_id, good_until = self._requests.pop(form["request_token"], ("", self._clock.now()))
        expected = checksum(form["request_token"])
        if self._clock.now() >= good_until or form["checksum"] != expected:
            raise Refused("TokenException: token is invalid or has expired")
        return {"user_id": user_id, "access_token": self.access_token(user_id)}


def checksum(request_token: str) -> str:
    """Return what proves to Kite that the server holds the secret of its key."""
    return hashlib.sha256(f"{API_KEY}{request_token}{API_SECRET}".encode()).hexdigest()


def next_death(now: datetime) -> datetime:
    """Return the next 06:00 in India."""
    local = now.astimezone(INDIA)
    six = local.replace(hour=TOKENS_DIE_AT_HOUR, minute=0, second=0, microsecond=0)
    return six if local < six else six + timedelta(days=1)
