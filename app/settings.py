"""Settings from the environment, read once; a wrong value stops the start."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import FieldError, SettingsInvalid


class BrokerName(StrEnum):
    PAPER = "paper"
    MOCK = "mock"


class Settings(BaseSettings):
    """Every setting of the server; the name in the environment has the prefix SIGMATRADER_."""

    model_config = SettingsConfigDict(
        env_prefix="SIGMATRADER_", frozen=True, extra="forbid", env_file=None
    )

    home: Path = Path(".sigmatrader")
    database_url: SecretStr | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    broker: BrokerName = BrokerName.PAPER
    market_seed: Annotated[int, Field(ge=0)] = 7
    replay_seconds_per_bar: Annotated[int, Field(ge=1, le=86_400)] = 5
    replay_start_on: date | None = None
    calendars: Path | None = None
    paper_cash_inr: Annotated[Decimal, Field(gt=0)] = Decimal(1_000_000)
    paper_cash_usd: Annotated[Decimal, Field(gt=0)] = Decimal(100_000)
    card_ttl_s: Annotated[int, Field(ge=10, le=300)] = 300
    plan_ttl_s: Annotated[int, Field(ge=10, le=86_400)] = 900
    fill_wait_s: Annotated[float, Field(ge=0, le=30)] = 2.0
    reconcile_every_s: Annotated[int, Field(ge=5, le=3_600)] = 60
    max_body_bytes: Annotated[int, Field(ge=1_024)] = 64 * 1024
    reads_per_min: Annotated[int, Field(ge=1)] = 60
    writes_per_min: Annotated[int, Field(ge=1)] = 240
    log_level: str = "INFO"


def load_settings() -> Settings:
    """Read the settings; raises SettingsInvalid naming each wrong variable."""
    try:
        return Settings()
    except ValidationError as invalid:
        errors = tuple(
            FieldError(f"SIGMATRADER_{str(item['loc'][0]).upper()}", item["msg"])
            for item in invalid.errors()
        )
        text = "; ".join(f"{error.field}: {error.issue}" for error in errors)
        raise SettingsInvalid(text, errors=errors) from invalid
