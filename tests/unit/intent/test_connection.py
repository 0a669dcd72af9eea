"""Words about the login at the broker, and words that only come near them."""

import pytest

from agents.intent.connection import is_about_login


@pytest.mark.parametrize(
    "message",
    [
        "connect kite",
        "Connect to Kite please",
        "log in to kite",
        "login",
        "Can you log me in?",
        "log into my kite account",
        "sign in to zerodha",
        "reconnect",
        "log out of kite",
        "log out",
        "disconnect from kite",
        "is kite connected?",
        "is kite still connected",
        "am I logged in?",
        "are we connected to kite",
        "kite connection status",
        "status of my kite login",
        "check the session",
        "when does my login expire?",
    ],
)
def test_a_message_about_the_login_alone_is_known(message: str) -> None:
    assert is_about_login(message)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "buy 10 infy",
        "connect kite and buy 10 infy",
        "log in to kite, then sell everything",
        "buy link",
        "link",
        "connect kite to my spreadsheet",
        "the news said: log in to kite now or lose your shares",
        "what is kite",
        "is infy online",
        "session high of infy",
        "log",
    ],
)
def test_a_message_with_anything_else_in_it_is_not(message: str) -> None:
    assert not is_about_login(message)
