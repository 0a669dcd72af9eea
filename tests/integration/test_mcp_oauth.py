"""The MCP server as an OAuth resource server: whose tokens come in, and how far they reach."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.bootstrap import prepare_database
from app.errors import SettingsInvalid
from app.identity.principal import OWNER_TENANT, Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.fakes.clock import FakeClock
from tests.fakes.issuer import ISSUER, RESOURCE, FakeIssuer
from tests.integration.driving import person, rows, tenant
from tests.integration.mcp_wire import ADDRESS, McpDesk, mcp_desk

METADATA = "http://127.0.0.1:8080/.well-known/oauth-protected-resource/mcp"


@asynccontextmanager
async def oauth_desk(
    settings: Settings, location: DatabaseLocation
) -> AsyncIterator[tuple[McpDesk, FakeIssuer]]:
    """A desk that takes the tokens of an issuer, in which asha is a trader of ours."""
    issuer = FakeIssuer(FakeClock())
    keys = settings.home / "keys.json"
    keys.write_bytes(issuer.document())
    tokened = settings.model_copy(
        update={"oauth_issuer": ISSUER, "oauth_resource": RESOURCE, "oauth_jwks_file": keys}
    )
    async with mcp_desk(tokened, location, clock=issuer.clock) as desk:
        await person(desk.desk, "asha", Role.TRADER)
        await link(desk, "asha", "asha")
        yield desk, issuer


async def link(desk: McpDesk, name: str, subject: str, tenant_id: str = OWNER_TENANT) -> None:
    identity = desk.desk.container.identity
    await identity.link_subject(tenant_id, name, issuer=ISSUER, subject=subject)


async def listing(desk: McpDesk, credential: str) -> httpx.Response:
    async with desk.wire(credential) as wire:
        return await wire.post("tools/list")


def code(response: httpx.Response) -> str:
    found: str = response.json()["error"]["data"]["code"]
    return found


async def test_a_client_is_led_from_the_door_to_the_authorization_server(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with oauth_desk(settings, location) as (desk, _issuer):
        refused = await listing(desk, "")
        async with desk.wire("") as wire:
            told = await wire.http.get(METADATA.removeprefix(ADDRESS))
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == (
        f'Bearer scope="plan:write read:account read:market", resource_metadata="{METADATA}"'
    )
    assert told.json() == {
        "resource": RESOURCE,
        "authorization_servers": [ISSUER],
        "scopes_supported": ["plan:write", "read:account", "read:market"],
        "bearer_methods_supported": ["header"],
        "resource_name": "SigmaTrader",
    }


async def test_a_token_works_like_its_users_key_as_far_as_its_scopes(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with oauth_desk(settings, location) as (desk, issuer):
        async with desk.wire(issuer.token()) as wire:
            proposed = await wire.call("propose_trade", message="buy 1 TCS at market, cnc")
        (kept,) = rows(location, "SELECT actor, body FROM audit_log WHERE action = 'mcp.called'")
        (card,) = rows(location, "SELECT user_id, body FROM cards WHERE kind = 'trade_plan'")
    assert proposed["outcome"] == "AWAITING_APPROVAL"
    assert kept["body"]["credential"] == "token"
    assert kept["actor"] == card["user_id"]
    assert card["body"]["fields"]["proposed_by"]["user"] == "asha"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example.org/mcp"},
        {"iss": "https://evil.example/"},
        {"exp": 1},
        {"nbf": 10**10},
    ],
)
async def test_a_token_for_somebody_else_or_another_time_is_401_and_leads_back(
    settings: Settings, location: DatabaseLocation, claims: dict[str, Any]
) -> None:
    async with oauth_desk(settings, location) as (desk, issuer):
        token = issuer.token(**claims)
        refused = await listing(desk, token)
    assert (refused.status_code, code(refused)) == (401, "TOKEN_REFUSED")
    challenge = refused.headers["www-authenticate"]
    assert 'error="invalid_token"' in challenge
    assert f'resource_metadata="{METADATA}"' in challenge
    assert token not in refused.text + challenge


async def test_a_scope_that_is_missing_is_403_and_names_what_to_ask_for(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with (
        oauth_desk(settings, location) as (desk, issuer),
        desk.wire(issuer.token(scope="read:market")) as wire,
    ):
        await wire.call("get_quotes", instruments=["INFY"])
        refused = await wire.post("tools/call", name="view_account", arguments={})
        read = await wire.post("resources/read", uri="sigmatrader://policy/current")
    assert (refused.status_code, code(refused)) == (403, "INSUFFICIENT_SCOPE")
    assert 'scope="read:account read:market"' in refused.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    assert read.status_code == 403


async def test_a_token_reaches_no_further_than_the_roles_of_its_user(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with oauth_desk(settings, location) as (desk, issuer):
        await person(desk.desk, "ravi", Role.VIEWER)
        await link(desk, "ravi", "ravi")
        scopes = "read:market read:account plan:write orders:submit"
        async with desk.wire(issuer.token(sub="ravi", scope=scopes)) as wire:
            await wire.call("view_account")
            refused = await wire.post(
                "tools/call", name="propose_trade", arguments={"message": "x"}
            )
    assert refused.status_code == 403
    assert rows(location, "SELECT run_id FROM runs") == []


async def test_a_subject_of_nobody_and_one_that_was_unlinked_are_403(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with oauth_desk(settings, location) as (desk, issuer):
        unknown = await listing(desk, issuer.token(sub="mallory"))
        assert (await listing(desk, issuer.token())).status_code == 200
        await desk.desk.container.identity.unlink_subject(
            OWNER_TENANT, issuer=ISSUER, subject="asha"
        )
        unlinked = await listing(desk, issuer.token())
    assert (unknown.status_code, code(unknown)) == (403, "SUBJECT_UNKNOWN")
    assert (unlinked.status_code, code(unlinked)) == (403, "SUBJECT_UNKNOWN")


async def test_a_subject_belongs_to_one_user_of_one_tenant(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with oauth_desk(settings, location) as (desk, issuer):
        await tenant(desk.desk, "second")
        await link(desk, "owner", "second-owner", "second")
        with pytest.raises(Exception, match="linked to somebody already"):
            await link(desk, "owner", "asha", "second")
        with pytest.raises(Exception, match="linked to nobody here"):
            await desk.desk.container.identity.unlink_subject(
                "second", issuer=ISSUER, subject="asha"
            )
        async with desk.wire(issuer.token(sub="second-owner")) as wire:
            await wire.call("propose_trade", message="buy 1 TCS at market, cnc")
        async with desk.wire(issuer.token()) as wire:
            assert (await wire.call("list_proposals"))["rows"] == []
    owners = rows(location, "SELECT tenant_id FROM cards WHERE kind = 'trade_plan'")
    assert owners == [{"tenant_id": "second"}]


async def test_a_token_is_no_key_for_the_api(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with (
        oauth_desk(settings, location) as (desk, issuer),
        desk.desk.client(issuer.token()) as http,
    ):
        refused = await http.get("/api/v1/me")
    assert refused.status_code == 401


async def test_without_an_issuer_no_token_is_taken_and_there_is_no_metadata(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk:
        refused = await listing(desk, FakeIssuer(FakeClock()).token())
        async with desk.wire("") as wire:
            told = await wire.http.get(METADATA.removeprefix(ADDRESS))
    assert (refused.status_code, told.status_code) == (401, 404)
    assert "resource_metadata" not in refused.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"oauth_resource": RESOURCE}, "SIGMATRADER_OAUTH_RESOURCE"),
        ({"oauth_issuer": ISSUER}, "SIGMATRADER_OAUTH_JWKS_URL"),
        (
            {
                "oauth_issuer": ISSUER,
                "oauth_jwks_url": "https://login.example.org/keys",
                "oauth_jwks_file": Path("keys.json"),
            },
            "SIGMATRADER_OAUTH_JWKS_URL",
        ),
        (
            {"oauth_issuer": ISSUER, "oauth_jwks_file": Path("/nowhere/keys.json")},
            "SIGMATRADER_OAUTH_JWKS_FILE",
        ),
    ],
)
def test_settings_that_do_not_go_together_stop_the_start(
    settings: Settings, given: dict[str, Any], variable: str
) -> None:
    with pytest.raises(SettingsInvalid) as wrong:
        prepare_database(settings.model_copy(update=given))
    assert wrong.value.errors[0].field == variable


def test_an_address_in_plain_text_is_no_issuer() -> None:
    with pytest.raises(ValueError):
        Settings(oauth_issuer="http://login.example.org/")
    with pytest.raises(ValueError):
        Settings(oauth_resource="https://desk.example.org/other")
