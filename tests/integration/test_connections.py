"""Routes of a login at a broker: who may ask, what is told and kept, and what never is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from adapters.ports import LoginState
from app.connections.limits import LINKS
from app.identity.principal import Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.fakes.brokers import OneBroker
from tests.fakes.clock import FakeClock
from tests.fakes.logins import LINK, LINK_SECRET, FewLogins, ScriptedLogin
from tests.integration.benches import a_bench
from tests.integration.conftest import Desk, open_desk
from tests.integration.driving import BUY, counts, person, rows, say, tenant

PATH = "/api/v1/connections/kite"
ACCOUNT = "paper-inr"


@dataclass(frozen=True)
class Bench:
    """A desk whose first account has a login at its broker."""

    desk: Desk
    login: ScriptedLogin
    clock: FakeClock


@pytest.fixture
async def bench(settings: Settings, location: DatabaseLocation) -> AsyncIterator[Bench]:
    clock = FakeClock()
    login = ScriptedLogin(clock)
    logins = FewLogins({ACCOUNT: login})
    async with open_desk(settings, location, clock=clock, logins=logins) as desk:
        yield Bench(desk, login, clock)


def audited(location: DatabaseLocation) -> list[tuple[str, str]]:
    found = rows(
        location,
        "SELECT action, body->>'state' AS state FROM audit_log WHERE entity = 'connection'"
        " ORDER BY seq",
    )
    return [(row["action"], row["state"]) for row in found]


async def get(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    response = await client.get(PATH, params=params)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_a_person_gets_a_link_that_no_cache_keeps_and_sees_the_login_arrive(
    bench: Bench, location: DatabaseLocation
) -> None:
    async with bench.desk.client() as client:
        before = await get(client)
        given = await client.post(f"{PATH}/login", json={})
        waiting = await get(client)
        bench.login.become(LoginState.ACTIVE, user="A Person", can_trade=True)
        bench.clock.advance(seconds=3)
        arrived = await get(client, probe=True, account_id=ACCOUNT)
        again = await get(client, probe=True)

    assert (before["state"], before["account_id"]) == ("NEW", ACCOUNT)
    assert (given.status_code, given.json()["link"]["url"]) == (200, LINK)
    assert given.headers["Cache-Control"] == "no-store"
    assert given.headers["Referrer-Policy"] == "no-referrer"
    assert waiting["state"] == "LINK_ISSUED"
    assert (arrived["state"], arrived["user"], arrived["can_trade"]) == ("ACTIVE", "A Person", True)
    assert again == arrived
    # The second probe came too soon, and polls that see nothing new leave no trace.
    assert bench.login.asked == ["status", "begin", "status", "status", "probe", "status"]
    assert audited(location) == [
        ("connection.link_issued", "LINK_ISSUED"),
        ("connection.state_seen", "ACTIVE"),
    ]


async def test_an_account_that_is_logged_in_gets_its_status_and_no_link(bench: Bench) -> None:
    bench.login.become(LoginState.ACTIVE, can_trade=False, hindrances=("It has no order tools.",))
    async with bench.desk.client() as client:
        given = (await client.post(f"{PATH}/login", json={"account_id": ACCOUNT})).json()
    assert (given["link"], given["state"]) == (None, "ACTIVE")
    assert given["hindrances"] == ["It has no order tools."]


async def test_logging_out_happens_once_for_a_key_and_is_audited(
    bench: Bench, location: DatabaseLocation
) -> None:
    bench.login.become(LoginState.ACTIVE)
    async with bench.desk.client() as client:
        headers = {"Idempotency-Key": "out"}
        first = await client.post(f"{PATH}/logout", json={}, headers=headers)
        second = await client.post(f"{PATH}/logout", json={}, headers=headers)
    assert (first.status_code, first.json()["state"]) == (200, "NEW")
    assert second.content == first.content
    assert second.headers["Idempotency-Replayed"] == "true"
    assert bench.login.asked == ["end"]
    assert audited(location) == [("connection.logged_out", "NEW")]


@pytest.mark.parametrize("roles", [(Role.VIEWER,), (Role.APPROVER,), (Role.RISK_ADMIN,)])
@pytest.mark.parametrize("what", ["login", "logout"])
async def test_only_a_trader_or_an_admin_may_log_in_or_out(
    bench: Bench, roles: tuple[Role, ...], what: str
) -> None:
    key = await person(bench.desk, "somebody", *roles)
    async with bench.desk.client(key) as client:
        answer = await client.post(f"{PATH}/{what}", json={})
        seen = await get(client)
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert seen["state"] == "NEW"
    assert bench.login.asked == ["status"]


@pytest.mark.parametrize("roles", [(Role.SERVICE,), (Role.SERVICE, Role.TRADER, Role.ADMIN)])
async def test_a_service_key_gets_no_link_whatever_other_roles_it_has(
    bench: Bench, roles: tuple[Role, ...]
) -> None:
    key = await person(bench.desk, "robot", *roles)
    async with bench.desk.client(key) as client:
        answer = await client.post(f"{PATH}/login", json={})
    assert answer.status_code == 403
    assert answer.json()["code"] in {"FORBIDDEN", "LOGIN_NOT_A_PERSON"}
    assert (bench.login.asked, LINK_SECRET in answer.text) == ([], False)


async def test_a_program_sees_how_it_stands_and_not_who_it_is(bench: Bench) -> None:
    bench.login.become(LoginState.ACTIVE, user="A Person")
    key = await person(bench.desk, "robot", Role.SERVICE)
    async with bench.desk.client(key) as client:
        seen = await client.get(PATH)
    assert (seen.json()["state"], "A Person" in seen.text) == ("ACTIVE", False)


async def test_another_tenant_neither_sees_nor_touches_the_login(bench: Bench) -> None:
    bench.login.become(LoginState.ACTIVE, user="A Person")
    await tenant(bench.desk, "other")
    stranger = await person(bench.desk, "stranger", Role.TRADER, tenant="other")
    async with bench.desk.client(stranger) as client:
        for response in (
            await client.get(PATH, params={"account_id": "paper-usd"}),
            await client.post(f"{PATH}/logout", json={"account_id": "paper-usd"}),
        ):
            assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
    assert bench.login.asked == []


async def test_an_account_at_a_broker_without_logins_is_told_so(bench: Bench) -> None:
    async with bench.desk.client() as client:
        answer = await client.get(PATH, params={"account_id": "paper-usd"})
    assert (answer.status_code, answer.json()["code"]) == (422, "NO_LOGIN_HERE")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_server_that_does_not_answer_is_a_problem_that_may_be_repeated(
    bench: Bench, location: DatabaseLocation
) -> None:
    bench.login.is_down = True
    async with bench.desk.client() as client:
        answers = [
            await client.get(PATH, params={"probe": True}),
            await client.post(f"{PATH}/login", json={}),
            await client.post(f"{PATH}/logout", json={}),
        ]
    assert [(each.status_code, each.json()["code"]) for each in answers] == [
        (503, "BROKER_UNAVAILABLE")
    ] * 3
    assert audited(location) == []


async def test_links_are_limited_for_the_account(bench: Bench) -> None:
    async with bench.desk.client() as client:
        given = [await client.post(f"{PATH}/login", json={}) for _ in range(LINKS + 1)]
        bench.clock.advance(minutes=5)
        later = await client.post(f"{PATH}/login", json={})
    assert [each.status_code for each in given] == [*[200] * LINKS, 429]
    assert given[-1].json()["code"] == "LOGIN_LINKS_LIMITED"
    assert later.status_code == 200


async def test_a_link_is_stored_nowhere(
    bench: Bench, location: DatabaseLocation, capfd: pytest.CaptureFixture[str]
) -> None:
    async with bench.desk.client() as client:
        given = await client.post(f"{PATH}/login", json={}, headers={"Idempotency-Key": "the-same"})
        second = await client.post(
            f"{PATH}/login", json={}, headers={"Idempotency-Key": "the-same"}
        )
    assert LINK_SECRET in given.text
    assert LINK_SECRET in second.text
    names = rows(location, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(names) > 20
    for name in names:
        found = rows(location, f"SELECT t::text AS row FROM {name['tablename']} AS t")
        assert [row for row in found if LINK_SECRET in row["row"]] == []
    assert LINK_SECRET not in "".join(capfd.readouterr())


async def test_readiness_names_a_login_that_is_missing_and_is_ready_all_the_same(
    bench: Bench,
) -> None:
    async with bench.desk.client() as client:
        missing = (await client.get("/readyz")).json()
        bench.login.become(LoginState.ACTIVE, user="A Person")
        there = (await client.get("/readyz")).json()
        bench.login.is_down = True
        unknown = (await client.get("/readyz")).json()
    assert (missing["ok"], there["ok"], unknown["ok"]) == (True, True, True)
    assert [text for text in missing["warnings"] if text.startswith("Nobody is logged in")]
    assert [text for text in there["warnings"] if "logged in" in text] == []
    assert [text for text in unknown["warnings"] if "is not known" in text]


async def test_a_trade_that_needs_a_login_gets_a_card_for_it_and_no_link(
    settings: Settings, location: DatabaseLocation
) -> None:
    outside = a_bench()
    outside.mock.go_down()
    login = ScriptedLogin(outside.clock)
    login.become(LoginState.LOST, user="A Person")
    async with (
        open_desk(
            settings,
            location,
            clock=outside.clock,
            market=outside.market,
            brokers=OneBroker(outside.mock),
            logins=FewLogins({ACCOUNT: login}),
        ) as desk,
        desk.client() as client,
    ):
        before = counts(location)
        bought = await say(client, BUY)
        listed = await say(client, "positions")
        asked = await say(client, "is kite connected?")
        book = (await client.get("/api/v1/positions")).json()
        trace = (await client.get(f"/api/v1/decisions/{bought['decision_id']}")).text

    assert (bought["outcome"], bought["error_code"]) == ("DENIED", "LOGIN_NEEDED")
    assert [card["kind"] for card in bought["cards"]] == ["connect"]
    assert bought["cards"][0]["fields"]["state"] == "LOST"
    assert [card["kind"] for card in listed["cards"]] == ["connect", "insight"]
    assert [card["kind"] for card in asked["cards"]] == ["connect"]
    assert book["warning"].startswith("Kite's server no longer knows this login.")
    assert "view_login" in trace
    # Nobody asked for a link, and who it is at the broker is in no card and no trace.
    assert set(login.asked) == {"status", "probe"}
    assert "A Person" not in trace + str([bought, listed, asked])
    assert {**counts(location), "cards": 0} == {**before, "cards": 0}
