"""A desk whose messages a stand-in model may read, over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from adapters.ports import Brokers
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
    **more: object,
) -> AsyncIterator[ModelledDesk]:
    """Run a desk with a model that answers by a script; `more` are settings."""
    server = ModelServer(script)
    await server.start()
    changed: dict[str, object] = {
        "openai_base_url": server.base_url,
        "openai_api_key": SecretStr(MODEL_KEY),
        "openai_model": "stand-in-1",
        "model_timeout_s": 5.0,
        "model_calls_per_day": 100_000,
        "model_tokens_per_day": 1_000_000_000,
        **more,
    }
    try:
        modelled = Settings.model_validate(settings.model_dump() | changed)
        async with open_desk(modelled, location, brokers=brokers) as desk:
            yield ModelledDesk(desk, server)
    finally:
        await server.stop()
