"""Nothing that looks like a credential is kept, and of words only how many there were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from app.mcp_server.secrecy import holds_secret, redacted
from riskgate.hashing import canonical_json

LETTERS = st.text(st.characters(exclude_categories=()))
ANYTHING: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | LETTERS,
    lambda inner: st.lists(inner) | st.dictionaries(LETTERS, inner),
)
WORDS = "buy 10 INFY for my aunt"

KEY = "st_" + "a" * 43
LINK = "https://kite.zerodha.com/connect/login?redirect_params=session_id%3Dkitemcp-7c0d1a52-0000-4000-8000-00000000000a%7C1"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0x.c2lnbmF0dXJlLXBhcnQ"


@pytest.mark.parametrize(
    "value",
    [
        KEY,
        f"buy 1 INFY {KEY}",
        f"Bearer {TOKEN}",
        ["NSE:INFY", KEY],
        {"a": {"b": [TOKEN]}},
        {KEY: 1},
        f"log me in: {LINK}",
    ],
)
def test_a_credential_is_found_wherever_it_stands(value: JsonValue) -> None:
    assert holds_secret(value)


@pytest.mark.parametrize("value", ["buy 10 INFY at 1480", "st_oploss 2%", "eyJ.a.b", 5, None, []])
def test_ordinary_words_are_none(value: JsonValue) -> None:
    assert not holds_secret(value)


def test_the_audit_log_keeps_names_and_sizes_and_withholds_the_rest() -> None:
    assert redacted(
        {
            "message": "buy 10 INFY",
            "instruments": ["NSE:INFY", KEY],
            "account_id": KEY,
            "request_id": "r" * 150,
            "limit": 5,
            "policy_hash": None,
        }
    ) == {
        "message": "11 letters",
        "instruments": "[withheld]",
        "account_id": "[withheld]",
        "request_id": "r" * 120,
        "limit": 5,
    }


@given(st.dictionaries(st.sampled_from(["message", "account_id", "limit"]), ANYTHING))
def test_whatever_a_client_sends_can_be_stored(
    arguments: dict[str, JsonValue],
) -> None:
    kept = canonical_json(redacted(arguments))
    assert "\\u0000" not in kept
    assert kept.encode()


def test_words_in_any_wrapping_are_not_kept() -> None:
    asked: dict[str, JsonValue] = {"message": {"a": WORDS, WORDS: 1}, "query": [WORDS]}
    assert WORDS not in canonical_json(redacted(asked))
