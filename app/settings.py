"""Settings from the environment, read once; a wrong value stops the start."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import FieldError, SettingsInvalid
from app.settings_help import plain_issue
from riskgate.contracts.models import PortfolioTier


class BrokerName(StrEnum):
    PAPER = "paper"
    MOCK = "mock"
    ALPACA = "alpaca"
    TRADIER = "tradier"
    KITE_MCP = "kite_mcp"


class ParserName(StrEnum):
    """Who reads messages: the tables, the model with the tables checking it, or the tables with
    the model where they are unsure."""

    OFFLINE = "offline"
    LLM = "llm"
    HYBRID = "hybrid"


# Keys travel with every call, so only a stand-in on this machine is called without TLS.
BrokerUrl = Annotated[
    str, Field(pattern=r"^(https://[A-Za-z0-9.\-]+(:\d{1,5})?|http://127\.0\.0\.1:\d{1,5})$")
]
# A session id, which is the login itself, travels with every call.
KiteUrl = Annotated[
    str,
    Field(
        pattern=r"^(https://[A-Za-z0-9.\-]+(:\d{1,5})?|http://(127\.0\.0\.1|localhost):\d{1,5})"
        r"(/[A-Za-z0-9._~\-]+)+$"
    ),
]
# What people write travels to a model, so only one on this machine is called without TLS.
ModelUrl = Annotated[
    str,
    Field(
        pattern=r"^(https://[A-Za-z0-9.\-]+|http://(127\.0\.0\.1|localhost|\[::1\]))"
        r"(:\d{1,5})?(/[A-Za-z0-9._/\-]*)?$"
    ),
]
# Identities hang on these addresses, so they are never plain text but to this machine.
SafeUrl = Annotated[
    str,
    Field(
        pattern=r"^(https://[A-Za-z0-9.\-]+(:\d{1,5})?|http://127\.0\.0\.1:\d{1,5})"
        r"(/[A-Za-z0-9._~%/\-]*)?$"
    ),
]
McpUrl = Annotated[
    str,
    Field(
        pattern=r"^(https://[A-Za-z0-9.\-]+(:\d{1,5})?|http://127\.0\.0\.1:\d{1,5})"
        r"(/[A-Za-z0-9._~%\-]+)*/mcp$"
    ),
]
# What a broker cannot be called without.
NEEDED: Final = MappingProxyType(
    {
        BrokerName.ALPACA: ("alpaca_key_id", "alpaca_secret_key"),
        BrokerName.TRADIER: ("tradier_token", "tradier_account"),
        BrokerName.KITE_MCP: ("kite_mcp_url",),
    }
)


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
    # A mock broker of its own process; without one the mock lives inside the server.
    mock_url: Annotated[str, Field(pattern=r"^http://127\.0\.0\.1:\d{1,5}$")] | None = None
    mock_settle_s: Annotated[int, Field(ge=1, le=600)] = 30
    alpaca_key_id: SecretStr | None = None
    alpaca_secret_key: SecretStr | None = None
    alpaca_url: BrokerUrl = "https://paper-api.alpaca.markets"
    tradier_token: SecretStr | None = None
    tradier_account: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,32}$")] | None = None
    tradier_url: BrokerUrl = "https://sandbox.tradier.com"
    # The MCP server of Kite, with its path: one of your own, or the hosted one, which only reads.
    kite_mcp_url: KiteUrl | None = None
    market_seed: Annotated[int, Field(ge=0)] = 7
    replay_seconds_per_bar: Annotated[int, Field(ge=1, le=86_400)] = 5
    replay_start_on: date | None = None
    calendars: Path | None = None
    paper_cash_inr: Annotated[Decimal, Field(gt=0)] = Decimal(1_000_000)
    paper_cash_usd: Annotated[Decimal, Field(gt=0)] = Decimal(100_000)
    postback_secret: SecretStr | None = None
    paper_seed: int = 1
    paper_latency_max_ms: Annotated[int, Field(ge=0, le=60_000)] = 150
    paper_participation: Annotated[Decimal, Field(gt=0, le=1)] = Decimal(1)
    # None is hybrid where a model is configured, else offline.
    parser: ParserName | None = None
    openai_base_url: ModelUrl | None = None
    openai_api_key: SecretStr | None = None
    openai_model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    openai_price_in: Annotated[Decimal, Field(ge=0)] | None = None
    openai_price_out: Annotated[Decimal, Field(ge=0)] | None = None
    model_timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    model_tokens_max: Annotated[int, Field(ge=64, le=16_384)] = 1_200
    model_reply_bytes_max: Annotated[int, Field(ge=1_024, le=10_000_000)] = 262_144
    model_calls_per_turn: Annotated[int, Field(ge=1, le=10)] = 4
    model_calls_per_day: Annotated[int, Field(ge=1)] = 500
    model_tokens_per_day: Annotated[int, Field(ge=1)] = 1_000_000
    model_cost_per_day: Annotated[Decimal, Field(gt=0)] | None = None
    model_portfolio: PortfolioTier = PortfolioTier.DIGEST_ONLY
    # Whether a model words answers; it sees marks in the place of their facts.
    model_wording: bool = False
    card_ttl_s: Annotated[int, Field(ge=10, le=300)] = 300
    resend_window_s: Annotated[int, Field(ge=0, le=3_600)] = 60
    # Whether a trade in words of haste or revenge is asked about once before it is planned.
    cooling_off: bool = True
    # Whether plans for a live broker may be sent at all; each still needs its own arming.
    live: bool = False
    validation_ttl_s: Annotated[int, Field(ge=10, le=86_400)] = 900
    plan_ttl_s: Annotated[int, Field(ge=10, le=86_400)] = 900
    fill_wait_s: Annotated[float, Field(ge=0, le=30)] = 2.0
    reconcile_every_s: Annotated[int, Field(ge=5, le=3_600)] = 60
    # How many files one person may keep, and how much room theirs and the tenant's may take.
    files_per_person: Annotated[int, Field(ge=1)] = 100
    files_mb_per_person: Annotated[int, Field(ge=1)] = 200
    files_mb_per_tenant: Annotated[int, Field(ge=1)] = 2_000
    max_body_bytes: Annotated[int, Field(ge=1_024)] = 64 * 1024
    reads_per_min: Annotated[int, Field(ge=1)] = 60
    writes_per_min: Annotated[int, Field(ge=1)] = 240
    # The address of the page as people reach it, such as behind a proxy.
    public_url: Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:\-\[\]]+/$")] | None = None
    # What is served over MCP, as names between commas, and under which other host names.
    mcp_toolsets: str = "all"
    mcp_read_only: bool = False
    mcp_excluded_tools: str = ""
    # Whose tokens count over MCP, for which address of ours, and where the keys are to check them.
    oauth_issuer: SafeUrl | None = None
    oauth_resource: McpUrl | None = None
    oauth_jwks_url: SafeUrl | None = None
    oauth_jwks_file: Path | None = None
    mcp_hosts: Annotated[str, Field(pattern=r"^[A-Za-z0-9.,\-]*$")] = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @property
    def extra_mcp_hosts(self) -> frozenset[str]:
        """Names under which the MCP server may be called besides its own."""
        return frozenset(name.lower() for name in self.mcp_hosts.split(",") if name)


def load_settings() -> Settings:
    """Read the settings; raises SettingsInvalid naming each wrong variable."""
    try:
        return Settings()
    except ValidationError as invalid:
        errors = tuple(
            FieldError(
                f"SIGMATRADER_{str(item['loc'][0]).upper()}",
                plain_issue(str(item["loc"][0]), item["msg"]),
            )
            for item in invalid.errors()
        )
        text = "; ".join(f"{error.field}: {error.issue}" for error in errors)
        raise SettingsInvalid(text, errors=errors) from invalid


def require_broker(settings: Settings) -> None:
    """Raise SettingsInvalid naming each setting that the chosen broker lacks."""
    errors = tuple(
        FieldError(f"SIGMATRADER_{name.upper()}", f"the broker {settings.broker} needs it")
        for name in NEEDED.get(settings.broker, ())
        if not _given(getattr(settings, name))
    )
    if errors:
        text = "; ".join(f"{error.field}: {error.issue}" for error in errors)
        raise SettingsInvalid(text, errors=errors)


def require_model(settings: Settings) -> None:
    """Raise SettingsInvalid naming each setting that a configured model lacks."""
    wants = settings.parser in {ParserName.LLM, ParserName.HYBRID}
    named = (settings.openai_base_url, settings.openai_model)
    if not wants and not any(named):
        return
    errors = tuple(
        FieldError(f"SIGMATRADER_{name.upper()}", "a model needs it")
        for name in ("openai_base_url", "openai_model")
        if getattr(settings, name) is None
    )
    if errors:
        text = "; ".join(f"{error.field}: {error.issue}" for error in errors)
        raise SettingsInvalid(text, errors=errors)


def _given(value: SecretStr | str | None) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
