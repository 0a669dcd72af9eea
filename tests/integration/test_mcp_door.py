"""The door of /mcp: address, credential and scope are looked at before anything else."""

import json

from app.identity.principal import Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.fakes.clock import FakeClock
from tests.integration.driving import person, rows
from tests.integration.mcp_wire import CLIENT, OLDER, mcp_desk

EVIL = "evil.example"


async def test_a_request_without_a_credential_is_told_how_to_sign_in(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire("") as wire:
        response = await wire.post("tools/list")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == (
        'Bearer scope="plan:write read:account read:market"'
    )
    assert response.json()["error"]["data"]["code"] == "UNAUTHORIZED"


async def test_a_wrong_revoked_or_misplaced_key_is_refused_and_not_repeated(
    settings: Settings, location: DatabaseLocation
) -> None:
    wrong = "st_" + "w" * 43
    async with mcp_desk(settings, location) as desk:
        for credential in (wrong, "Basic x", "not-ours"):
            async with desk.wire(credential) as wire:
                response = await wire.post("tools/list")
                assert response.status_code == 401
                assert 'error="invalid_token"' in response.headers["www-authenticate"]
                assert credential not in response.text + str(response.headers)
        async with desk.wire("") as wire:
            in_the_address = await wire.http.post(f"/mcp?token={desk.desk.owner_key}", json={})
    assert in_the_address.status_code == 400
    assert desk.desk.owner_key not in in_the_address.text


async def test_a_page_elsewhere_and_a_name_that_is_not_ours_do_not_get_in(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk:
        async with desk.wire(origin=f"http://{EVIL}") as wire:
            from_elsewhere = await wire.post("tools/list")
        async with desk.wire(host=EVIL) as wire:
            renamed = await wire.post("tools/list")
        async with desk.wire(origin="http://localhost:8080") as wire:
            own = await wire.post("tools/list")
    assert (from_elsewhere.status_code, renamed.status_code) == (403, 421)
    assert from_elsewhere.json()["error"]["data"]["code"] == "ORIGIN_NOT_ALLOWED"
    assert renamed.json()["error"]["data"]["code"] == "HOST_NOT_ALLOWED"
    assert own.status_code == 200


async def test_a_tool_beyond_the_credentials_scopes_is_answered_with_the_scopes_it_needs(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk:
        viewer = await person(desk.desk, "ravi", Role.VIEWER)
        async with desk.wire(viewer) as wire:
            response = await wire.post(
                "tools/call", name="propose_trade", arguments={"message": "buy 1 TCS"}
            )
    assert response.status_code == 403
    challenge = response.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="plan:write read:account read:market"' in challenge
    assert rows(location, "SELECT run_id FROM runs") == []
    (kept,) = rows(location, "SELECT body FROM audit_log WHERE action = 'mcp.called'")
    assert (kept["body"]["name"], kept["body"]["outcome"]) == ("turned away", "INSUFFICIENT_SCOPE")


async def test_a_message_that_two_readers_would_read_differently_is_refused(
    settings: Settings, location: DatabaseLocation
) -> None:
    call = '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{}}'
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        response = await wire.http.post(
            "/mcp", content=call, headers={"Content-Type": "application/json"}
        )
    assert response.status_code == 400
    assert json.loads(response.text)["error"]["data"]["code"] == "INVALID_PARAM"


async def test_what_the_tenants_others_do_is_not_seen(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk:
        trader = await person(desk.desk, "ravi", Role.TRADER)
        async with desk.wire() as wire:
            mine = await wire.call("propose_trade", message="buy 1 TCS at market, cnc")
        async with desk.wire(trader) as wire:
            theirs = await wire.problem("get_decision", decision_id=mine["decision_id"])
            card_id = mine["proposal"]["card_id"]
            their_card = await wire.problem("get_proposal", card_id=card_id)
            assert (await wire.call("list_proposals"))["rows"] == []
    assert (theirs["code"], their_card["code"]) == ("NOT_FOUND", "NOT_FOUND")


async def test_a_client_that_opens_session_after_session_is_stopped(
    settings: Settings, location: DatabaseLocation
) -> None:
    limited = settings.model_copy(update={"reads_per_min": 3})
    async with mcp_desk(limited, location, clock=FakeClock()) as desk, desk.wire() as wire:
        opened = [await wire.open_session() for _ in range(3)]
        hello = {"protocolVersion": OLDER, "capabilities": {}, "clientInfo": CLIENT}
        refused = await wire.send({}, id=0, method="initialize", params=hello)
    assert len({session["Mcp-Session-Id"] for session in opened}) == 3
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")


async def test_a_client_that_loops_writes_one_line_a_minute_of_being_limited(
    settings: Settings, location: DatabaseLocation
) -> None:
    limited, clock = settings.model_copy(update={"reads_per_min": 2}), FakeClock()
    async with mcp_desk(limited, location, clock=clock) as desk, desk.wire() as wire:
        for _ in range(10):
            await wire.ask("tools/call", name="list_accounts", arguments={})
            await wire.post("tools/call", name="place_order", arguments={})
        kept = rows(location, "SELECT body FROM audit_log WHERE action = 'mcp.called'")
    outcomes = sorted(row["body"]["outcome"] for row in kept)
    assert outcomes == ["RATE_LIMITED"] * 2 + ["TOOL_UNKNOWN"] * 2 + ["ok"] * 2
