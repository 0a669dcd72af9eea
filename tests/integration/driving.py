"""Short words for what tests do to a desk."""

import json
from typing import Any, LiteralString

import httpx
import psycopg
from psycopg.rows import dict_row

from adapters.brokers.mock.client import MockBroker
from app.gate.service import store_default_policy
from app.identity.principal import OWNER_TENANT, Role
from app.persistence import accounts, identities
from app.persistence.accounts import AccountRecord
from app.persistence.location import DatabaseLocation
from riskgate.contracts.instruments import Currency
from riskgate.hashing import canonical_json
from riskgate.policy import Policy
from tests.integration.conftest import Desk

BUY = "buy 10 INFY at market, cnc"
MOCK_ACCOUNT = "mock-inr"
# How long a test holds up what it looks at; a test that fails meanwhile must end all the same.
HELD_MAX_S = 120.0
TRADED = ("plans", "cards", "orders", "fills", "ledger_positions")


async def say(client: httpx.AsyncClient, message: str, **more: object) -> dict[str, Any]:
    """Send a chat message and return its answer."""
    response = await client.post("/api/v1/chat", json={"message": message, **more})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def propose(client: httpx.AsyncClient, message: str = BUY) -> str:
    """Ask for a trade and return the id of the card that waits for an approval."""
    answer = await say(client, message)
    assert answer["outcome"] == "AWAITING_APPROVAL", answer["message"]
    return str(answer["cards"][-1]["id"])


async def approve(client: httpx.AsyncClient, card_id: str, **more: Any) -> httpx.Response:
    return await client.post(f"/api/v1/cards/{card_id}/approve", **more)


async def trade(client: httpx.AsyncClient, message: str = BUY) -> dict[str, Any]:
    """Ask for a trade, approve it, and return the answer of the approval."""
    response = await approve(client, await propose(client, message))
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def orders_of(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await client.get("/api/v1/orders")).json()["rows"]
    return rows


async def reconcile(client: httpx.AsyncClient) -> dict[str, Any]:
    response = await client.post("/api/v1/reconcile")
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def person(desk: Desk, name: str, *roles: Role, tenant: str = OWNER_TENANT) -> str:
    """Add a user and return a key of theirs."""
    identity = desk.container.identity
    await identity.create_user(tenant, name, frozenset(roles))
    return await identity.create_key(tenant, name)


async def tenant(desk: Desk, tenant_id: str) -> str:
    """Add a tenant that names everything as the first one does; return its owner's key."""
    container, now = desk.container, desk.container.services.clock.now()
    async with container.database.tenant(tenant_id) as session:
        await identities.add_tenant(session, name="My desk", at=now)
        roles = frozenset(set(Role) - {Role.SERVICE})
        owner = await container.identity.add_user(session, "owner", roles)
        policy_hash = await store_default_policy(session, created_by=owner.user_id, at=now)
        broker = container.settings.broker.value
        account = AccountRecord(
            account_id=f"{broker}-inr",
            broker=broker,
            mode="PROPOSE",
            currency=Currency.INR,
            policy_hash=policy_hash,
            is_default=True,
        )
        await accounts.add_account(session, account, at=now)
        return await container.identity.add_key(session, owner.user_id)


async def set_policy(desk: Desk, location: DatabaseLocation, policy: Policy) -> None:
    """Put every account of the first tenant under a policy."""
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        await accounts.add_policy(
            session,
            policy_hash=policy.policy_hash,
            body=canonical_json(policy),
            created_by="test",
            at=desk.container.services.clock.now(),
        )
    as_owner(location, "UPDATE accounts SET policy_hash = %s", policy.policy_hash)


def mock_of(desk: Desk) -> MockBroker:
    """Return the mock broker behind the first tenant's accounts."""
    broker = desk.container.brokers.for_account(OWNER_TENANT, MOCK_ACCOUNT)
    assert isinstance(broker, MockBroker)
    return broker


def as_owner(location: DatabaseLocation, statement: LiteralString, *params: object) -> int:
    """Change rows behind the application's back; return how many."""
    with psycopg.connect(location.owner_conninfo) as connection:
        return connection.execute(statement, params).rowcount


def rows(location: DatabaseLocation, query: LiteralString, *params: object) -> list[dict[str, Any]]:
    """Read as the owner, whom no policy hides anything from."""
    with psycopg.connect(location.owner_conninfo, row_factory=dict_row) as connection:
        return connection.execute(query, params).fetchall()


def counts(location: DatabaseLocation) -> dict[str, int]:
    """Return how many plans, cards, orders, fills and positions are stored."""
    with psycopg.connect(location.owner_conninfo) as connection:
        found = {}
        for table in TRADED:
            row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            found[table] = int(row[0]) if row else -1
        return found


def frames(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the (id, event) pairs of a stream."""
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            found.append((fields["id"], json.loads(fields["data"])))
    return found
