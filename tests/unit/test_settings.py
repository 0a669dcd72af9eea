"""Settings: a wrong value names its variable and stops the start."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.errors import SettingsInvalid
from app.settings import BrokerName, Settings, load_settings, require_model


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SIGMATRADER_{name.upper()}", raising=False)


def test_without_variables_the_server_is_local_on_paper_and_embedded() -> None:
    settings = load_settings()
    assert (settings.host, settings.broker, settings.database_url, settings.home) == (
        "127.0.0.1",
        BrokerName.PAPER,
        None,
        Path(".sigmatrader"),
    )


def test_a_variable_with_the_prefix_sets_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGMATRADER_PORT", "9000")
    monkeypatch.setenv("SIGMATRADER_PAPER_CASH_INR", "0.30")
    monkeypatch.setenv("PORT", "1")
    settings = load_settings()
    assert (settings.port, settings.paper_cash_inr) == (9000, Decimal("0.30"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_BASE_URL", "http://models.example.com/v1"),
        ("OPENAI_BASE_URL", "https://user@models.example.com/v1"),
        ("OPENAI_BASE_URL", "file:///etc/passwd"),
        ("PARSER", "gpt"),
        ("LOG_LEVEL", "LOUD"),
        ("MODEL_PORTFOLIO", "ALL"),
        ("MODEL_TIMEOUT_S", "0"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "http"),
        ("PORT", ""),
        ("BROKER", "kite"),
        ("CARD_TTL_S", "301"),
        ("CARD_TTL_S", "9"),
        ("PLAN_TTL_S", "1e9"),
        ("FILL_WAIT_S", "nan"),
        ("FILL_WAIT_S", "31"),
        ("PAPER_CASH_INR", "0"),
        ("PAPER_CASH_INR", "-1"),
        ("PAPER_CASH_USD", "NaN"),
        ("MARKET_SEED", "-7"),
        ("MAX_BODY_BYTES", "10"),
        ("REPLAY_START_ON", "yesterday"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SIGMATRADER_{name}", value)
    with pytest.raises(SettingsInvalid, match=f"^SIGMATRADER_{name}: ") as refused:
        load_settings()
    assert refused.value.code == "SETTINGS_INVALID"
    assert [error.field for error in refused.value.errors] == [f"SIGMATRADER_{name}"]


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGMATRADER_PORT", "x")
    monkeypatch.setenv("SIGMATRADER_BROKER", "y")
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    assert {error.field for error in refused.value.errors} == {
        "SIGMATRADER_PORT",
        "SIGMATRADER_BROKER",
    }


def test_the_password_in_a_database_url_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGMATRADER_DATABASE_URL", "postgresql://u:hunter2@db/x")
    assert "hunter2" not in repr(load_settings())


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize("set_", [{"PARSER": "llm"}, {"OPENAI_MODEL": "m"}, {"PARSER": "hybrid"}])
def test_a_model_without_an_address_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, set_: dict[str, str]
) -> None:
    for name, value in set_.items():
        monkeypatch.setenv(f"SIGMATRADER_{name}", value)
    with pytest.raises(SettingsInvalid, match="SIGMATRADER_OPENAI_BASE_URL"):
        require_model(load_settings())


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "http://127.0.0.1:11434/v1",
        "http://localhost:8000",
        "http://[::1]:1/v1",
    ],
)
def test_a_model_is_reached_safely_or_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("SIGMATRADER_OPENAI_BASE_URL", url)
    monkeypatch.setenv("SIGMATRADER_OPENAI_MODEL", "m")
    require_model(load_settings())


def test_what_only_some_need_is_not_imported_with_the_server() -> None:
    code = (
        "import sys, app.main, app.bootstrap; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'openai', 'mcp', 'jwt'}))"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert outcome.stdout == "[]\n"
