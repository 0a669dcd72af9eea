"""Calls to one Alpaca account: bounded in time, made once, and every failure sorted."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from alpaca.common.exceptions import APIError
from alpaca.common.rest import RESTClient
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout, RequestException, TooManyRedirects
from urllib3.exceptions import NewConnectionError

from adapters.brokers.alpaca.auth import AlpacaKeys
from adapters.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown

# alpaca-py repeats a call, writes too, on the codes it is given, and on 429 and 504 when given
# none. No answer has this code.
REPEAT_ON: Final = (0,)
NOT_FOUND: Final = 40410000
NO_RIGHTS: Final = frozenset({401, 403})
NO_NEW_TRY: Final = frozenset({400, 404, 422})
MAX_REASON: Final = 300


@dataclass(frozen=True)
class Waits:
    """The longest waits in seconds: to connect, between two bytes, and for the whole call."""

    connect_s: float = 5.0
    read_s: float = 10.0
    whole_s: float = 20.0


class AlpacaWire:
    """One account's calls. Reads raise BrokerUnavailable; writes all three of adapters.errors."""

    def __init__(self, keys: AlpacaKeys, url: str, waits: Waits) -> None:
        self._keys = keys
        self._whole_s = waits.whole_s
        self._rest = RESTClient(
            base_url=url.rstrip("/"),
            api_key=keys.key_id.get_secret_value(),
            secret_key=keys.secret_key.get_secret_value(),
            raw_data=True,
            retry_exception_codes=list(REPEAT_ON),
        )
        # alpaca-py sets no time limit, and offers no other place to set one.
        for scheme in ("https://", "http://"):
            self._rest._session.mount(scheme, _InTime((waits.connect_s, waits.read_s)))

    def close(self) -> None:
        """Let go of the connections."""
        self._rest._session.close()

    async def read(self, path: str, params: Mapping[str, str] | None = None) -> object:
        """Return what Alpaca answers; anything but an answer is BrokerUnavailable."""
        try:
            return await self._call(lambda: self._rest.get(path, dict(params or {})))
        except (RequestException, APIError, TimeoutError, ValueError) as error:
            raise BrokerUnavailable(f"Alpaca could not be read: {self._said(error)}") from error

    async def read_if_there(self, path: str, params: Mapping[str, str]) -> object:
        """Return what Alpaca answers, or None when it says itself that there is no such thing."""
        try:
            return await self._call(lambda: self._rest.get(path, dict(params)))
        except (RequestException, APIError, TimeoutError, ValueError) as error:
            if isinstance(error, APIError) and body_of(error).get("code") == NOT_FOUND:
                return None
            raise BrokerUnavailable(f"Alpaca could not be read: {self._said(error)}") from error

    async def post(self, path: str, body: Mapping[str, str]) -> object:
        """Send a write once and return the answer."""
        return await self._write(lambda: self._rest.post(path, dict(body)))

    async def delete(self, path: str) -> object:
        """Send a cancel once and return the answer."""
        return await self._write(lambda: self._rest.delete(path))

    async def _write(self, call: Callable[[], Any]) -> object:
        try:
            return await self._call(call)
        except (RequestException, APIError, TimeoutError, ValueError) as error:
            raise write_failure(error, self._said(error)) from error

    async def _call(self, call: Callable[[], Any]) -> Any:
        # A thread cannot be stopped: after the limit it ends by itself at its own time limits.
        async with asyncio.timeout(self._whole_s):
            return await asyncio.to_thread(call)

    def _said(self, error: Exception) -> str:
        """Return what went wrong in Alpaca's words, or the kind of the failure; never a key."""
        if not isinstance(error, APIError):
            return type(error).__name__
        words = str(body_of(error).get("message") or "no reason given")
        for secret in (self._keys.key_id, self._keys.secret_key):
            words = words.replace(secret.get_secret_value(), "***")
        return f"{error.status_code}: {words}"[:MAX_REASON]


def write_failure(error: Exception, said: str) -> BrokerError:
    """Return which of the three outcomes a failed write has; unknown unless something is sure."""
    if never_connected(error):
        return BrokerUnavailable(f"Alpaca cannot be reached, nothing was sent: {said}")
    if isinstance(error, APIError):
        return _refusal(error, said)
    return OutcomeUnknown(f"Alpaca's answer was lost: {said}")


def never_connected(error: Exception) -> bool:
    """Say whether there was never a connection that could have carried the call."""
    if isinstance(error, ConnectTimeout):
        return True
    if not isinstance(error, NoConnection) or not error.args:
        return False
    return isinstance(getattr(error.args[0], "reason", None), NewConnectionError)


def body_of(error: APIError) -> dict[str, object]:
    """Return Alpaca's own words on an error; nothing when it is not Alpaca that answers."""
    try:
        body = json.loads(str(error))
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _refusal(error: APIError, said: str) -> BrokerError:
    status, body = error.status_code, body_of(error)
    if status == 429:
        # Alpaca counts calls before it looks at them.
        return BrokerUnavailable(
            f"Alpaca takes no more calls this minute, nothing was done: {said}"
        )
    if status in NO_RIGHTS and not isinstance(body.get("code"), int):
        return _key_refused(said)
    if status == 401:
        return _key_refused(said)
    if "client_order_id must be unique" in said:
        return OutcomeUnknown(f"Alpaca has an order with this tag already: {said}")
    from_alpaca = isinstance(body.get("code"), int) and bool(body.get("message"))
    if from_alpaca and status in NO_NEW_TRY | {403}:
        return OrderRejected(f"Alpaca refused: {said}")
    return OutcomeUnknown(f"Alpaca's answer does not say what became of the call: {said}")


def _key_refused(said: str) -> BrokerError:
    return BrokerUnavailable(
        "Alpaca did not accept the keys, nothing was done; check SIGMATRADER_ALPACA_KEY_ID,"
        f" _SECRET_KEY and that they belong to _URL: {said}"
    )


class _InTime(HTTPAdapter):
    """Sends with a time limit where the caller gives none.

    A redirect is a failure: without a body alpaca-py would take it for the answer to a cancel.
    """

    def __init__(self, limits: tuple[float, float]) -> None:
        super().__init__(max_retries=0)
        self._limits = limits

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        kwargs["timeout"] = kwargs.get("timeout") or self._limits
        response = super().send(request, *args, **kwargs)
        if 300 <= response.status_code < 400:
            response.close()
            raise TooManyRedirects("Alpaca redirects nobody")
        return response
