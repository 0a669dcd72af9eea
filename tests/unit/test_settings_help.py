"""What is wrong with settings is said in words that a person can act on."""

import pytest

from app.errors import SettingsInvalid
from app.settings import Settings, load_settings
from app.settings_help import misspelt, plain_issue


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_BASE_URL", "http://models.example.com/v1"),
        ("KITE_MCP_URL", "http://kite.example.com/mcp"),
        ("ALPACA_URL", "ftp://alpaca"),
        ("OAUTH_ISSUER", "http://issuer.example.com"),
        ("PUBLIC_URL", "desk.example.com"),
        ("MOCK_URL", "http://10.0.0.1:1"),
        ("TRADIER_ACCOUNT", "a b"),
        ("MCP_HOSTS", "a b"),
        ("OAUTH_RESOURCE", "http://desk.example.com"),
    ],
)
def test_an_address_that_is_not_taken_is_answered_by_a_sentence_and_no_pattern(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SIGMATRADER_{name}", value)
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    said = refused.value.message
    assert said.startswith(f"SIGMATRADER_{name}: must be ")
    assert not set("^$\\|") & set(said)


def test_every_setting_of_a_form_has_words_for_it() -> None:
    properties = Settings.model_json_schema()["properties"]
    of_a_form = [
        name
        for name, schema in properties.items()
        for one in schema.get("anyOf", [schema])
        if "pattern" in one and not any(o.get("type") == "number" for o in schema.get("anyOf", []))
    ]
    issue = "String should match pattern 'x'"
    assert len(of_a_form) > 5
    assert [name for name in of_a_form if plain_issue(name, issue) == issue] == []


def test_a_misspelt_name_is_told_with_the_nearest_right_one() -> None:
    environment = {
        "SIGMATRADER_BROKR": "paper",
        "SIGMATRADER_PORT": "1",
        "SIGMATRADER_API_KEY": "st_x",
        "sigmatrader_home": "x",
        "SIGMATRADER_WEATHER_IN_MUMBAI": "wet",
        "PATH": "/bin",
    }
    assert misspelt(environment, Settings.model_fields) == [
        "SIGMATRADER_BROKR is no setting and does nothing; did you mean SIGMATRADER_BROKER?",
        "SIGMATRADER_WEATHER_IN_MUMBAI is no setting and does nothing; .env.example lists all"
        " that are.",
    ]
