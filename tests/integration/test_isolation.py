"""Tenants do not see each other, traders do not read each other, and history cannot be changed."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import LiteralString

import psycopg
import pytest
from fastapi import APIRouter, FastAPI
from psycopg import sql

from adapters.brokers.mock.script import Partial
from app.api.application import create_application
from app.api.declared import PUBLIC, SIGNED, RouteUndeclared, refuse_undeclared, undeclared_routes
from app.identity.principal import OWNER_TENANT, Role
from app.main import create_app
from app.persistence.location import DatabaseLocation
from app.persistence.tables import APPEND_ONLY, INSTALLATION_WIDE, metadata
from app.settings import Settings
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import Product
from riskgate.contracts.snapshots import Position
from tests.integration.conftest import Desk
from tests.integration.driving import (
    MOCK_ACCOUNT,
    approve,
    frames,
    mock_of,
    person,
    propose,
    reconcile,
    rows,
    say,
    tenant,
)

TENANT_TABLES = sorted(set(metadata.tables) - INSTALLATION_WIDE)

BODIES = {"remediate": {"action": "ADOPT"}, "portfolio-detail": {"choice": "deny"}}


async def something_of_everything(desk: Desk, location: DatabaseLocation) -> dict[str, str]:
    """Let the first tenant's owner have one of each object; return their ids by parameter."""
    broker = mock_of(desk)
    broker.script(Partial(Decimal("0.4")))
    broker.hold(
        MOCK_ACCOUNT,
        Position(
            instrument=InstrumentRef.model_validate({"exchange": "NSE", "tradingsymbol": "TCS"}),
            product=Product.CNC,
            quantity=Decimal(1),
            average_price=Decimal(1),
        ),
    )
    async with desk.client() as client:
        done = (await approve(client, await propose(client))).json()
        await reconcile(client)
        waiting = await say(client, "buy 1 INFY at market, cnc")
        raised = (await client.get("/api/v1/exceptions")).json()["rows"]
        # One of its own: every tenant has the default policy.
        text = 'version: "1"\nlimits: {order: {max_order_value: 1}}\n'
        put = await client.put("/api/v1/policies", json={"text": text})
        change = put.json()["change"]
        kept = await client.post("/api/v1/files?name=a.csv", content=b"symbol,qty\nINFY,1\n")
        file_id = kept.json()["file"]["file_id"]
        await say(client, "show the file", files=[file_id])
    return {
        "policy_hash": change["to_hash"],
        "change_id": change["change_id"],
        "run_id": waiting["run_id"],
        "card_id": waiting["cards"][0]["id"],
        "decision_id": waiting["decision_id"],
        "plan_id": waiting["plan_id"],
        "order_id": done["orders"][0]["order_id"],
        "exception_id": raised[0]["exception_id"],
        "snapshot_id": rows(location, "SELECT snapshot_id FROM snapshots")[0]["snapshot_id"],
        "thread_id": waiting["thread_id"],
        "file_id": file_id,
    }


def named_routes(app: FastAPI) -> list[tuple[str, str]]:
    """Return (method, path) of every route that names an object and asks for a key."""
    return [
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if "{" in path and path not in SIGNED
    ]


def filled_in(path: str, ids: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: ids[match[1]], path)


async def test_no_route_shows_or_changes_another_tenants_object(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    ids = await something_of_everything(mock_desk, location)
    stranger = await tenant(mock_desk, "other")
    routes = named_routes(mock_desk.app)
    before = rows(location, "SELECT card_id, status FROM cards ORDER BY card_id")
    async with mock_desk.client(stranger) as foreign, mock_desk.client() as client:
        for method, path in routes:
            headers = {"Idempotency-Key": path} if path.endswith("/execute") else {}
            body = BODIES.get(path.rpartition("/")[2])
            reply = await foreign.request(method, filled_in(path, ids), headers=headers, json=body)
            assert reply.status_code == 404, (method, path, reply.text)
            asked = set(re.findall(r"\{(\w+)\}", path))
            others = {value for name, value in ids.items() if name not in asked}
            others -= {ids[name] for name in asked}
            assert [value for value in others if value in reply.text] == [], (method, path)
        for method, path in routes:
            if method == "GET":
                assert (await client.request(method, filled_in(path, ids))).status_code == 200, path

    assert len(routes) >= 12
    assert rows(location, "SELECT card_id, status FROM cards ORDER BY card_id") == before


async def test_lists_of_a_new_tenant_are_empty_and_its_account_is_its_own(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    await something_of_everything(mock_desk, location)
    stranger = await tenant(mock_desk, "other")
    async with mock_desk.client(stranger) as foreign:
        for path in ("cards", "approvals", "decisions", "plans", "orders", "exceptions"):
            assert (await foreign.get(f"/api/v1/{path}")).json()["rows"] == [], path
        for path in ("positions", "holdings"):
            assert (await foreign.get(f"/api/v1/{path}")).json()["rows"] == [], path
        pulled = await foreign.post(
            "/api/v1/kill-switch",
            json={"account_id": MOCK_ACCOUNT, "level": "HALTED", "reason": "mine"},
        )
        usd = await foreign.get("/api/v1/positions?account_id=mock-usd")
    async with mock_desk.client() as client:
        level = (await client.get("/api/v1/kill-switch")).json()["level"]

    assert (pulled.status_code, level) == (200, "RUNNING")
    assert usd.status_code == 404


async def test_tenants_may_name_threads_alike_and_traders_may_not_enter_each_others(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    ids = await something_of_everything(mock_desk, location)
    stranger = await tenant(mock_desk, "other")
    trader = await person(mock_desk, "second", Role.TRADER)
    body = {"message": "help", "thread_id": ids["thread_id"]}
    async with mock_desk.client(stranger) as foreign, mock_desk.client(trader) as second:
        same_name = await foreign.post("/api/v1/chat", json=body)
        entered = await second.post("/api/v1/chat", json=body)
    spoken = rows(
        location, "SELECT tenant_id, content FROM messages WHERE thread_id = %s", body["thread_id"]
    )

    assert (same_name.status_code, entered.status_code) == (200, 404)
    assert {row["content"] for row in spoken if row["tenant_id"] == "other"} >= {"help"}
    assert "help" not in {row["content"] for row in spoken if row["tenant_id"] == OWNER_TENANT}


async def test_a_trader_reads_nothing_of_another_traders_conversation(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    ids = await something_of_everything(mock_desk, location)
    trader = await person(mock_desk, "second", Role.TRADER)
    resume = {
        "threadId": ids["thread_id"],
        "runId": "run-of-second",
        "messages": [],
        "state": {},
        "tools": [],
        "context": [],
        "forwardedProps": {},
        "resume": [
            {"interruptId": ids["card_id"], "status": "resolved", "payload": {"approved": True}}
        ],
    }
    async with mock_desk.client(trader) as second:
        for path in ("cards", "approvals", "decisions"):
            assert (await second.get(f"/api/v1/{path}")).json()["rows"] == [], path
        for path in ("cards/{card_id}", "decisions/{decision_id}", "runs/{run_id}/events"):
            reply = await second.get(f"/api/v1/{filled_in(path, ids)}")
            assert reply.status_code == 404, path
        for path in ("cards/{card_id}/approve", "cards/{card_id}/reject", "runs/{run_id}/cancel"):
            reply = await second.post(f"/api/v1/{filled_in(path, ids)}")
            assert reply.status_code == 404, path
        replay = await second.post(f"/api/v1/decisions/{ids['decision_id']}/replay")
        resumed = frames((await second.post("/agui", json=resume)).text)

    assert replay.status_code == 404
    assert [event["type"] for _, event in resumed] == ["RUN_STARTED", "RUN_ERROR"]
    status = rows(location, "SELECT status FROM cards WHERE card_id = %s", ids["card_id"])
    assert status == [{"status": "PENDING"}]


@asynccontextmanager
async def as_application(
    location: DatabaseLocation, *, tenant_id: str | None
) -> AsyncIterator[psycopg.AsyncConnection[tuple[object, ...]]]:
    """Connect as the application does, with a tenant set or none."""
    async with await psycopg.AsyncConnection.connect(location.app_conninfo) as connection:
        await connection.execute("SET ROLE sigmatrader_app")
        if tenant_id is not None:
            await connection.execute("SELECT set_config('app.tenant_id', %s, false)", (tenant_id,))
        await connection.commit()
        yield connection


async def test_the_database_itself_shows_a_tenants_rows_to_nobody_else(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    await something_of_everything(mock_desk, location)
    for tenant_id in (None, "", "other", "main' OR '1'='1"):
        async with as_application(location, tenant_id=tenant_id) as connection:
            for table in TENANT_TABLES:
                query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
                seen = await (await connection.execute(query)).fetchone()
                assert seen == (0,), (tenant_id, table)


async def test_the_application_cannot_write_a_row_of_another_tenant(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with as_application(location, tenant_id="other") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(
                "INSERT INTO tenants (tenant_id, name, created_at) VALUES ('main2', 'x', now())"
            )


FORBIDDEN: dict[LiteralString, tuple[str, ...]] = {
    "UPDATE {} SET tenant_id = tenant_id": tuple(sorted(APPEND_ONLY)),
    "DELETE FROM {}": (*sorted(APPEND_ONLY), "orders", "cards", "exceptions", "accounts"),
    "TRUNCATE {} CASCADE": tuple(TENANT_TABLES),
}


async def test_the_application_cannot_rewrite_history(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with as_application(location, tenant_id=OWNER_TENANT) as connection:
        for statement, tables in FORBIDDEN.items():
            for table in tables:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(sql.SQL(statement).format(sql.Identifier(table)))
                await connection.rollback()
                await connection.execute("SET ROLE sigmatrader_app")
                await connection.commit()


def test_every_route_says_who_may_use_it(settings: Settings, location: DatabaseLocation) -> None:
    app = create_app(settings, location, on_ready=lambda _key: None)

    assert list(undeclared_routes(app)) == []
    assert len(app.openapi()["paths"]) > 20
    assert {"/healthz", "/readyz", "/metrics"} <= PUBLIC


def test_a_route_that_says_nothing_stops_the_start(
    settings: Settings, location: DatabaseLocation
) -> None:
    app = create_app(settings, location, on_ready=lambda _key: None)
    planted = APIRouter()

    @planted.get("/api/v1/planted/{name}")
    async def open_to_all(name: str) -> str:
        return name

    app.include_router(planted)

    with pytest.raises(RouteUndeclared, match="planted"):
        refuse_undeclared(app)


async def test_without_a_key_only_the_public_routes_answer(desk: Desk) -> None:
    async with desk.client() as client:
        del client.headers["Authorization"]
        for path, methods in desk.app.openapi()["paths"].items():
            for method in methods:
                reply = await client.request(method, path, json={})
                public = path in PUBLIC | SIGNED
                assert (reply.status_code != 401) == public, (method, path, reply.status_code)


def test_the_application_alone_is_closed_too() -> None:
    @asynccontextmanager
    async def nothing(_app: FastAPI) -> AsyncIterator[None]:
        yield

    app = create_application(lifespan=nothing, max_body_bytes=1_024)
    assert list(undeclared_routes(app)) == []
