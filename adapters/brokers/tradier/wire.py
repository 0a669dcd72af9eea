"""Calls to Tradier: bounded in time, made once, and every failure sorted."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import httpx
from pydantic import SecretStr

from adapters.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown

NO_RIGHTS: Final = frozenset({401, 403})
MAX_REASON: Final = 300
# Before any of these a connection, and with it the call, had not come about.
NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class Waits:
    """The longest waits in seconds: to connect, between two bytes, and for the whole call."""

    connect_s: float = 5.0
    read_s: float = 10.0
    whole_s: float = 20.0


@dataclass(frozen=True)
class Answer:
    """A reply that came in whole. `body` is None when it is not JSON."""

    status: int
    body: object


class TradierWire:
    """One token's calls. Reads raise BrokerUnavailable; writes all three of adapters.errors."""

    def __init__(self, token: SecretStr, url: str, waits: Waits) -> None:
        self._token = token
        self._whole_s = waits.whole_s
        self._http = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/v1",
            headers={
                "Authorization": f"Bearer {token.get_secret_value()}",
                "Accept": "application/json",
            },
            timeout=httpx.Timeout(waits.read_s, connect=waits.connect_s),
            transport=httpx.AsyncHTTPTransport(retries=0),
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def read(self, path: str, params: Mapping[str, str] | None = None) -> object:
        """Return what Tradier answers; anything but an answer is BrokerUnavailable."""
        try:
            answer = await self._send("GET", path, params=params)
        except (httpx.HTTPError, TimeoutError) as error:
            raise BrokerUnavailable(f"Tradier could not be read: {_kind(error)}") from error
        if answer.status != 200 or answer.body is None or reason_in(answer.body):
            said = self._clean(reason_in(answer.body) or "no answer that can be read")
            raise BrokerUnavailable(f"Tradier could not be read: {answer.status}: {said}")
        return answer.body

    async def write(self, method: str, path: str, form: Mapping[str, str] | None = None) -> object:
        """Send a write once and return the answer."""
        try:
            answer = await self._send(method, path, form=form)
        except NOT_SENT as error:
            raise BrokerUnavailable(
                f"Tradier cannot be reached, nothing was sent: {_kind(error)}"
            ) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise OutcomeUnknown(f"Tradier's answer was lost: {_kind(error)}") from error
        reason = reason_in(answer.body)
        failure = write_failure(answer, self._clean(reason) if reason else None)
        if failure is not None:
            raise failure
        return answer.body

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        async with asyncio.timeout(self._whole_s):
            reply = await self._http.request(method, path, params=params, data=form)
        return Answer(reply.status_code, body_of(reply.text))

    def _clean(self, words: str) -> str:
        return words.replace(self._token.get_secret_value(), "***")[:MAX_REASON]


def body_of(text: str) -> object:
    """Return a JSON answer with every number exact, or None for what is not JSON."""
    try:
        body: object = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        return None
    return body


def reason_in(body: object) -> str | None:
    """Return why Tradier says no: `errors` of its own, `fault` of the gateway before it."""
    if not isinstance(body, dict):
        return None
    errors, fault = body.get("errors"), body.get("fault")
    if isinstance(errors, dict):
        said = errors.get("error")
        listed = said if isinstance(said, list) else [said]
        return "; ".join(str(line) for line in listed if line) or "no reason given"
    if isinstance(fault, dict):
        return str(fault.get("faultstring") or "no reason given")
    return None


def write_failure(answer: Answer, reason: str | None) -> BrokerError | None:
    """Return which of the three outcomes an answered write has; None for a success to read.

    A limit of calls and a token that is not accepted are judged by the gateway before Tradier's
    order desk sees the call, so surely nothing was done.
    """
    said = f"{answer.status}: {reason or 'no reason given'}"
    if answer.status == 429:
        return BrokerUnavailable(
            f"Tradier takes no more calls this minute, nothing was done; wait a minute: {said}"
        )
    if answer.status in NO_RIGHTS:
        return BrokerUnavailable(
            "Tradier did not accept the token or the account, nothing was done; check"
            f" SIGMATRADER_TRADIER_TOKEN, _ACCOUNT and that they belong to _URL: {said}"
        )
    own_words = isinstance(answer.body, dict) and "errors" in answer.body
    if own_words and answer.status in {200, 400, 404}:
        return OrderRejected(f"Tradier refused: {said}")
    if answer.status == 200 and answer.body is not None and reason is None:
        return None
    return OutcomeUnknown(f"Tradier's answer does not say what became of the call: {said}")


def _kind(error: Exception) -> str:
    return type(error).__name__
