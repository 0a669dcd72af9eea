"""Neither a session id nor a login link is in anything that is written or shown."""

import logging
import re
from collections.abc import Awaitable, Callable

import pytest

from adapters.errors import BrokerError
from adapters.ports import LoginLink
from tests.fakes.kite_session import KiteDesk, a_kite_desk
from tests.fakes.kite_standin import Kind, Trouble
from tests.fakes.orders import ACCOUNT, an_order
from tests.unit.brokers.kite_server import ORDER

SECRET = re.compile(r"kitemcp-[0-9a-f]{8}|redirect_params|acc[0-9a-f]{32}|rt[0-9a-f]{32}")


async def shown(act: Callable[[], Awaitable[object]]) -> str:
    """Return what a person or a log could see of an act that may fail, its causes included."""
    try:
        return repr(await act())
    except Exception as error:  # noqa: BLE001
        lines, cause = [], error
        while cause is not None:
            lines += [str(cause), repr(cause), repr(vars(cause))]
            cause = cause.__cause__ or cause.__context__  # type: ignore[assignment]
        return "\n".join(lines)


async def journey(desk: KiteDesk) -> list[str]:
    """Go through a login, calls and everything that goes wrong; return what was shown."""
    session, broker, seen = desk.session, desk.broker(), []

    async def see(act: Callable[[], Awaitable[object]]) -> None:
        seen.append(await shown(act))

    link = await session.begin()
    assert isinstance(link, LoginLink)
    seen += [repr(link), repr(desk.kept), repr(vars(session)), repr(desk.vault.logins)]
    await desk.kite.finish_login(link.url)
    await see(lambda: session.status(probe=True))
    await see(lambda: broker.place_order(an_order(limit="1480.00")))
    for kind in (Kind.HANG_UP_AFTER, Kind.CUT, Kind.HTTP_AFTER, Kind.GARBLED, Kind.KITE_REFUSES):
        desk.kite.troubles.add("place_order", Trouble(kind, text="{"))
        await see(lambda: broker.place_order(an_order(limit="1480.00", tag=2)))
    await see(lambda: session.call("place_order", {**ORDER, "quantity": "5"}))
    desk.kite.troubles.add("DELETE", Trouble(Kind.HTTP_BEFORE))
    await see(session.end)
    desk.kite.go_down()
    await see(lambda: broker.get_snapshot(ACCOUNT))
    await see(session.begin)
    desk.kite.come_up()
    desk.kite.restart()
    await see(lambda: session.call("get_orders", {}))
    await see(lambda: session.status(probe=True))
    seen.append(repr(await session.begin()))
    await see(session.end)
    return seen


async def test_no_session_id_link_or_token_is_in_a_log_an_error_or_a_repr(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with a_kite_desk() as desk:
        seen = await journey(desk)
    assert desk.kite.count("login") == 2
    # The stand-in's own browser is no part of ours; ours speaks through httpx2.
    browser = {"httpx", "httpcore"}
    ours = [record for record in caplog.records if record.name.split(".")[0] not in browser]
    written = "\n".join(record.getMessage() + str(record.exc_text) for record in ours)
    assert [text for text in [*seen, written] if SECRET.search(text)] == []


async def test_the_search_finds_a_secret_that_is_there() -> None:
    async with a_kite_desk() as desk:
        link = await desk.session.begin()
        assert isinstance(link, LoginLink)
        session_id = desk.kept.session_id
        assert session_id is not None
        for text in (link.url, session_id.get_secret_value()):
            assert SECRET.search(text)

    async def fails() -> object:
        raise BrokerError(link.url)

    assert SECRET.search(await shown(fails))
