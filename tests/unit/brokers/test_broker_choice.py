"""The broker that is chosen: what it needs, what it costs to import, and what it leaves alone."""

import importlib.util
import subprocess
import sys
from importlib.machinery import ModuleSpec

import pytest
from pydantic import SecretStr, ValidationError

from app.bootstrap import check_broker
from app.errors import SettingsInvalid
from app.settings import BrokerName, Settings

ALPACA = {
    "broker": "alpaca",
    "alpaca_key_id": SecretStr("PKVERYOWNKEY"),
    "alpaca_secret_key": SecretStr("very-own-secret"),
}
TRADIER = {
    "broker": "tradier",
    "tradier_token": SecretStr("very-own-token"),
    "tradier_account": "VA1",
}
KITE: dict[str, object] = {"broker": "kite_mcp", "kite_mcp_url": "https://kite.example/mcp"}


def settings(values: dict[str, object], **changes: object) -> Settings:
    return Settings.model_validate({**values, **changes})


@pytest.mark.parametrize("values", [ALPACA, TRADIER, KITE, {"broker": "paper"}, {"broker": "mock"}])
def test_a_broker_with_all_it_needs_is_taken(values: dict[str, object]) -> None:
    check_broker(settings(values))


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        (ALPACA, "alpaca_key_id"),
        (ALPACA, "alpaca_secret_key"),
        (TRADIER, "tradier_token"),
        (TRADIER, "tradier_account"),
        (KITE, "kite_mcp_url"),
    ],
)
def test_a_broker_without_a_setting_it_needs_stops_the_start_by_its_name(
    values: dict[str, object], missing: str
) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        check_broker(settings(values, **{missing: None}))
    assert [error.field for error in caught.value.errors] == [f"SIGMATRADER_{missing.upper()}"]


def test_an_empty_key_counts_as_none() -> None:
    with pytest.raises(SettingsInvalid, match="SIGMATRADER_ALPACA_KEY_ID"):
        check_broker(settings(ALPACA, alpaca_key_id=SecretStr("")))


def test_alpaca_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec

    def without_alpaca(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "alpaca" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without_alpaca)
    with pytest.raises(SettingsInvalid, match=r"sigmatrader\[alpaca\]"):
        check_broker(settings(ALPACA))
    check_broker(settings(TRADIER))


@pytest.mark.parametrize("name", ["alpaca_url", "tradier_url"])
@pytest.mark.parametrize(
    "url", ["http://api.tradier.com", "ftp://127.0.0.1:1", "https://", "https://a/b", "127.0.0.1"]
)
def test_keys_are_sent_to_no_address_without_tls_but_this_machine(name: str, url: str) -> None:
    with pytest.raises(ValidationError):
        settings({}, **{name: url})


@pytest.mark.parametrize(
    "url",
    [
        "https://mcp.kite.trade/mcp",
        "https://kite.example:8443/team/mcp",
        "http://127.0.0.1:8765/mcp",
        "http://localhost:8080/mcp",
    ],
)
def test_a_kite_server_is_elsewhere_with_tls_or_on_this_machine(url: str) -> None:
    assert settings(KITE, kite_mcp_url=url).kite_mcp_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://mcp.kite.trade/mcp",
        "http://127.0.0.1.evil.example:80/mcp",
        "https://mcp.kite.trade",
        "https://user:word@mcp.kite.trade/mcp",
        "https://mcp.kite.trade/mcp?session=1",
        "http://127.0.0.1/mcp",
        "stdio",
    ],
)
def test_a_session_is_sent_to_no_address_without_tls_but_this_machine(url: str) -> None:
    with pytest.raises(ValidationError):
        settings(KITE, kite_mcp_url=url)


def test_keys_are_not_shown_in_the_settings() -> None:
    shown = repr(settings({**ALPACA, **TRADIER}))
    assert "very-own" not in shown
    assert "PKVERYOWNKEY" not in shown


def test_both_trade_on_paper_unless_told_otherwise() -> None:
    chosen = settings({})
    assert (chosen.broker, chosen.alpaca_url, chosen.tradier_url) == (
        BrokerName.PAPER,
        "https://paper-api.alpaca.markets",
        "https://sandbox.tradier.com",
    )


def test_the_server_starts_without_alpacas_client() -> None:
    code = (
        "import sys, app.main, app.bootstrap; "
        "print(sorted(name for name in sys.modules if name.split('.')[0] == 'alpaca'))"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert outcome.stdout == "[]\n"
