"""A broker's postbacks: genuine ones have the account looked at, and nothing else happens."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from adapters.brokers.mock.script import Partial
from app.identity.principal import OWNER_TENANT
from app.persistence.location import DatabaseLocation
from app.postbacks.checksum import checksum
from app.settings import BrokerName, Settings
from tests.integration.checker import check
from tests.integration.conftest import open_desk
from tests.integration.driving import MOCK_ACCOUNT, mock_of, orders_of, rows, trade

SECRET = "the broker's secret"
AT = "2026-03-02 11:30:00"
PATH = "/api/v1/postbacks/main"


def with_postbacks(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"broker": BrokerName.MOCK, "postback_secret": SecretStr(SECRET)}
    )


def a_postback(order_id: str, status: str = "COMPLETE", **changes: Any) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "order_timestamp": AT,
        "status": status,
        "checksum": checksum(order_id, AT, SECRET),
    } | changes


def waiting(location: DatabaseLocation) -> list[dict[str, Any]]:
    """Return the looks at accounts that are due."""
    return rows(
        location,
        "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'follow_account'"
        " AND status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())",
    )


async def test_a_genuine_postback_has_its_account_looked_at_soon(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_desk(with_postbacks(settings), location) as desk, desk.client() as client:
        await trade(client)
        (order,) = await orders_of(client)
        before = waiting(location)
        said = await client.post(PATH, json=a_postback(order["broker_order_id"]))
        check(location, mock_of(desk))

    assert said.json() == {"ok": True, "new": True}
    assert before == []
    assert [row["args"]["account_id"] for row in waiting(location)] == [MOCK_ACCOUNT]


async def test_the_same_postback_a_hundred_times_at_once_is_kept_once(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_desk(with_postbacks(settings), location) as desk, desk.client() as client:
        mock_of(desk).script(Partial(fraction=0.5))  # type: ignore[arg-type]
        await trade(client)
        (order,) = await orders_of(client)
        body = a_postback(order["broker_order_id"], "UPDATE")
        said = await asyncio.gather(*(client.post(PATH, json=body) for _ in range(100)))
        again = await orders_of(client)
        check(location, mock_of(desk))

    assert [response.json()["new"] for response in said].count(True) == 1
    assert len(rows(location, "SELECT 1 FROM broker_notices")) == 1
    assert again == [order]


async def test_what_a_postback_says_of_an_order_is_not_believed(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_desk(with_postbacks(settings), location) as desk, desk.client() as client:
        await trade(client)
        (order,) = await orders_of(client)
        for status in ("REJECTED", "CANCELLED", "OPEN", "COMPLETE"):
            for filled in (0, 3, 1_000):
                said = a_postback(order["broker_order_id"], status, filled_quantity=filled)
                assert (await client.post(PATH, json=said)).status_code == 200
        await desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        assert await orders_of(client) == [order]
        check(location, mock_of(desk))


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"checksum": "0" * 64}, 401, "POSTBACK_FORGED"),
        ({"order_id": "another"}, 401, "POSTBACK_FORGED"),
        ({"order_timestamp": "2026-03-02 11:30:01"}, 401, "POSTBACK_FORGED"),
        ({"checksum": None}, 400, "INVALID_PARAM"),
        ({"checksum": "\ud800"}, 400, "INVALID_PARAM"),
        ({"order_id": "o\u00e9"}, 400, "INVALID_PARAM"),
    ],
)
async def test_a_forged_postback_stores_nothing(
    settings: Settings, location: DatabaseLocation, changes: Any, status: int, code: str
) -> None:
    async with open_desk(with_postbacks(settings), location) as desk, desk.client() as client:
        said = await client.post(
            PATH,
            content=json.dumps(a_postback("o-1") | changes),
            headers={"Content-Type": "application/json"},
        )
    assert (said.status_code, said.json()["code"]) == (status, code)
    assert rows(location, "SELECT 1 FROM broker_notices") == []


async def test_without_a_secret_and_for_no_tenant_nothing_is_taken(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_desk(with_postbacks(settings), location) as desk, desk.client() as client:
        nobody = await client.post("/api/v1/postbacks/nobody", json=a_postback("o-1"))
    off = with_postbacks(settings).model_copy(update={"postback_secret": None})
    async with open_desk(off, location, owner_key=desk.owner_key) as desk:
        unsigned = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=desk.app), base_url="http://desk"
        )
        async with unsigned:
            empty = await unsigned.post(
                PATH, json=a_postback("o-1", checksum=checksum("o-1", AT, ""))
            )
    assert (nobody.status_code, nobody.json()["code"]) == (404, "NOT_FOUND")
    assert (empty.status_code, empty.json()["code"]) == (503, "POSTBACKS_OFF")


async def test_an_order_that_is_not_ours_has_every_account_looked_at(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_desk(with_postbacks(settings), location) as desk, desk.client() as client:
        await client.post(PATH, json=a_postback("somebody-elses"))
    looked = sorted(row["args"]["account_id"] for row in waiting(location))
    assert looked == ["mock-inr", "mock-usd"]
