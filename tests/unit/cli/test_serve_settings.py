"""What is wrong with the settings is told before a port is looked at."""

import pytest
from typer.testing import CliRunner

from app.cli.main import app
from app.settings import Settings


def test_settings_are_told_before_the_port_and_a_misspelt_name_before_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SIGMATRADER_{name.upper()}", raising=False)
    monkeypatch.setenv("SIGMATRADER_BROKER", "alpaca")
    # No address of this machine: listening on it would fail at once.
    monkeypatch.setenv("SIGMATRADER_HOST", "192.0.2.1")
    monkeypatch.setenv("SIGMATRADER_ALPACA_KEY", "k")
    told = CliRunner().invoke(app, ["serve"])
    said = " ".join(told.output.split())
    assert told.exit_code == 2
    assert "SIGMATRADER_ALPACA_KEY is no setting and does nothing" in said
    assert "did you mean SIGMATRADER_ALPACA_KEY_ID?" in said
    assert "SETTINGS_INVALID: SIGMATRADER_ALPACA_KEY_ID: the broker alpaca needs it" in said
    assert "PORT_TAKEN" not in said
