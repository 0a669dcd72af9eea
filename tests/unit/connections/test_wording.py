"""Each state of a login is said in words, with what to do."""

from datetime import UTC, datetime

import pytest

from adapters.ports import LoginState, LoginStatus
from app.connections.wording import LOOK, READS_ONLY, say, told_hindrances

AT = datetime(2026, 3, 11, 4, 30, tzinfo=UTC)


def status(state: LoginState, **more: object) -> LoginStatus:
    return LoginStatus.model_validate({"state": state, "checked_at": AT, **more})


@pytest.mark.parametrize("state", [LoginState.NEW, LoginState.EXPIRED, LoginState.LOST])
def test_whoever_is_not_logged_in_is_told_how_to_be(state: LoginState) -> None:
    said = say(status(state))
    assert "Log in at Kite" in said.advice
    assert "sigmatrader kite login" in said.advice


def test_a_link_that_waits_is_not_asked_for_again() -> None:
    assert "Finish the login" in say(status(LoginState.LINK_ISSUED)).advice


def test_who_is_logged_in_and_until_when_is_said_in_indias_time() -> None:
    until = datetime(2026, 3, 12, 0, 30, tzinfo=UTC)
    said = say(status(LoginState.ACTIVE, user="A Person", expires_at=until, can_trade=True))
    assert said.headline == "Logged in at Kite as A Person until 12 Mar 06:00 IST."
    assert said.advice == ""


def test_a_login_that_only_reads_says_that_nothing_can_be_sent() -> None:
    said = say(status(LoginState.ACTIVE, hindrances=("It has no order tools.",)))
    assert "no order can be sent" in said.advice


def test_a_lost_login_says_that_nothing_is_sent_again() -> None:
    assert "Nothing is sent again" in say(status(LoginState.LOST)).advice


def test_that_nobody_is_logged_in_is_not_said_twice() -> None:
    other = "KITE_USER_CHANGED: another person logged in"
    told = status(LoginState.NEW, hindrances=("KITE_NOT_LOGGED_IN: log in", other))
    assert told_hindrances(told) == (other,)


def test_a_server_that_was_not_looked_at_yet_is_not_called_one_that_only_reads() -> None:
    fresh = status(LoginState.ACTIVE, hindrances=("KITE_NOT_CHECKED: not looked at yet",))
    assert say(fresh).advice == LOOK
    both = ("KITE_NOT_CHECKED: not looked at yet", "KITE_NOT_ANSWERING: in doubt")
    assert say(status(LoginState.ACTIVE, hindrances=both)).advice == READS_ONLY
