"""A desk whose messages a stand-in model may read, over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from pydantic import SecretStr

from adapters.ports import Brokers, Clock, MarketData
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.fakes.model_server import ModelServer, Script
from tests.integration.conftest import Desk, open_desk

MODEL_KEY = "sk-stand-in-0123456789abcdef"


@dataclass(frozen=True)
class ModelledDesk:
    """A running desk and the model it asks."""

    desk: Desk
    model: ModelServer


@asynccontextmanager
async def open_modelled(
    settings: Settings,
    location: DatabaseLocation,
    script: Script,
    *,
    brokers: Brokers | None = None,
    clock: Clock | None = None,
    market: MarketData | None = None,
    **more: object,
) -> AsyncIterator[ModelledDesk]:
    """Run a desk with a model that answers by a script; `more` are settings.

    Afterwards no name, id or secret of the desk may have been sent to the model.
    """
    server = ModelServer(script)
    await server.start()
    changed: dict[str, object] = {
        "openai_base_url": server.base_url,
        "openai_api_key": SecretStr(MODEL_KEY),
        "openai_model": "stand-in-1",
        "model_timeout_s": 60.0,
        "model_calls_per_day": 100_000,
        "model_tokens_per_day": 1_000_000_000,
        **more,
    }
    try:
        modelled = Settings.model_validate(settings.model_dump() | changed)
        async with open_desk(
            modelled, location, brokers=brokers, clock=clock, market=market
        ) as desk:
            yield ModelledDesk(desk, server)
            leaked = [one for one in canaries_of(desk, location) if one in server.received]
            assert leaked == []
    finally:
        await server.stop()


IDS = (
    "SELECT order_id FROM orders UNION SELECT broker_order_id FROM orders UNION SELECT tag FROM"
    " orders UNION SELECT plan_id FROM plans UNION SELECT card_id FROM cards UNION SELECT user_id"
    " FROM users UNION SELECT name FROM users UNION SELECT account_id FROM accounts UNION SELECT"
    " thread_id FROM threads UNION SELECT run_id FROM runs UNION SELECT exception_id FROM"
    " exceptions UNION SELECT snapshot_id FROM snapshots"
)


SAID = "SELECT content FROM messages WHERE role = 'user'"


def canaries_of(desk: Desk, location: DatabaseLocation) -> set[str]:
    """Return every name, id and secret of a desk; none of them may reach a model.

    A name that the person wrote themselves is theirs to write.
    """
    with psycopg.connect(location.owner_conninfo) as connection:
        known = {row[0] for row in connection.execute(IDS) if row[0]}
        names = {row[0] for row in connection.execute("SELECT name FROM users")}
        written = [row[0] for row in connection.execute(SAID)]
    said = {name for name in names if any(name in message for message in written)}
    return known - said | {desk.owner_key, MODEL_KEY}
