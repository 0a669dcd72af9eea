from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from adapters.brokers.kite_mcp.login_steps import (
    FRESH,
    SESSION_LIFE,
    USER_CHANGED,
    LinkIssued,
    LinkLapsed,
    LoggedOut,
    NotLoggedIn,
    ProfileSeen,
    SessionGone,
    SessionOpened,
    Step,
    after,
    aged,
    ends_at,
)
from adapters.ports import KeptLogin, LoginState
from tests.fakes.clock import MORNING

ONE, TWO = SecretStr("session-1"), SecretStr("session-2")
OPENED = SessionOpened(ONE, "2025-03-26", MORNING, None)
SEEN = ProfileSeen(ONE, "AB1234", "Asha", MORNING)
TIMES = st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda after: MORNING + after)


def walked(*steps: Step, start: KeptLogin = FRESH) -> KeptLogin:
    login = start
    for step in steps:
        login = after(login, step)
    return login


def test_a_login_goes_from_new_over_its_link_to_active() -> None:
    opened = walked(OPENED)
    assert (opened.state, opened.session_id) == (LoginState.NEW, ONE)
    linked = walked(OPENED, LinkIssued(ONE, MORNING))
    assert linked.state is LoginState.LINK_ISSUED
    assert linked.link_expires_at == MORNING + timedelta(minutes=35)
    active = after(linked, SEEN)
    assert (active.state, active.broker_user_id, active.user) == (
        LoginState.ACTIVE,
        "AB1234",
        "Asha",
    )
    assert active.expires_at == MORNING + timedelta(hours=12)


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (SessionGone(ONE), LoginState.LOST),
        (NotLoggedIn(ONE), LoginState.EXPIRED),
        (LoggedOut(ONE), LoginState.NEW),
    ],
)
def test_every_end_forgets_the_session_and_remembers_whose_account_it_is(
    step: Step, state: LoginState
) -> None:
    ended = walked(OPENED, LinkIssued(ONE, MORNING), SEEN, step)
    assert ended == KeptLogin(state=state, broker_user_id="AB1234")


def test_a_session_that_nobody_logged_in_to_yet_is_not_ended_by_saying_so() -> None:
    linked = walked(OPENED, LinkIssued(ONE, MORNING))
    assert after(linked, NotLoggedIn(ONE)) == linked
    assert after(linked, LinkLapsed(ONE)).state is LoginState.NEW


def test_another_person_in_the_session_loses_it_and_the_owner_stays() -> None:
    active = walked(OPENED, LinkIssued(ONE, MORNING), SEEN)
    replaced = after(active, ProfileSeen(ONE, "XY9999", "Mallory", MORNING))
    assert replaced == KeptLogin(
        state=LoginState.LOST, broker_user_id="AB1234", ended_because=USER_CHANGED
    )
    again = walked(
        SessionOpened(TWO, "2025-03-26", MORNING, None),
        LinkIssued(TWO, MORNING),
        start=replaced,
    )
    assert again.ended_because == USER_CHANGED
    back = after(again, ProfileSeen(TWO, "AB1234", "Asha", MORNING))
    assert (back.state, back.ended_because) == (LoginState.ACTIVE, None)


def test_the_owner_outlives_a_logout() -> None:
    out = walked(OPENED, SEEN, LoggedOut(ONE), SessionOpened(TWO, "2025-03-26", MORNING, None))
    assert after(out, ProfileSeen(TWO, "XY9999", "Mallory", MORNING)).state is LoginState.LOST


def test_looking_again_does_not_prolong_a_login() -> None:
    active = walked(OPENED, SEEN)
    later = ProfileSeen(ONE, "AB1234", "Asha", MORNING + timedelta(hours=3))
    assert after(active, later).expires_at == active.expires_at


@pytest.mark.parametrize(
    ("opened", "logged_in", "ends"),
    [
        # 09:00 in India: 12 hours come first.
        ("2026-03-11T03:30", "2026-03-11T03:31", "2026-03-11T15:30"),
        # 20:00 in India: 06:00 of the next day comes first.
        ("2026-03-11T14:30", "2026-03-11T14:31", "2026-03-12T00:30"),
        # 05:59 in India: a minute.
        ("2026-03-11T00:20", "2026-03-11T00:29", "2026-03-11T00:30"),
        # 06:00 sharp: the token is of the new day.
        ("2026-03-11T00:20", "2026-03-11T00:30", "2026-03-11T12:20"),
    ],
)
def test_a_login_ends_after_12_hours_or_at_6_in_india(
    opened: str, logged_in: str, ends: str
) -> None:
    times = [datetime.fromisoformat(f"{text}+00:00") for text in (opened, logged_in, ends)]
    assert ends_at(times[0], times[1]) == times[2]


@given(TIMES, st.timedeltas(timedelta(0), SESSION_LIFE - timedelta(seconds=1)))
def test_no_login_outlives_its_session_or_the_next_six_o_clock(
    opened: datetime, waited: timedelta
) -> None:
    end = ends_at(opened, opened + waited)
    assert opened + waited < end <= opened + SESSION_LIFE
    local = (opened + waited + timedelta(hours=5, minutes=30)).replace(tzinfo=None)
    six = local.replace(hour=6, minute=0, second=0, microsecond=0)
    assert end <= (opened + waited) + ((six - local) % timedelta(days=1) or timedelta(days=1))


def test_time_ends_a_login_and_takes_its_session_away() -> None:
    active = walked(OPENED, SEEN)
    assert active.expires_at is not None
    assert aged(active, active.expires_at - timedelta(seconds=1)) == active
    assert aged(active, active.expires_at) == KeptLogin(
        state=LoginState.EXPIRED, broker_user_id="AB1234"
    )
    assert aged(walked(OPENED), MORNING + SESSION_LIFE).state is LoginState.EXPIRED


SESSIONS = st.sampled_from([ONE, TWO])
STEPS = st.lists(
    st.one_of(
        st.builds(
            SessionOpened,
            SESSIONS,
            st.just("2025-03-26"),
            TIMES,
            st.one_of(st.none(), SESSIONS),
        ),
        st.builds(LinkIssued, SESSIONS, TIMES),
        st.builds(
            ProfileSeen, SESSIONS, st.sampled_from(["AB1234", "XY9999"]), st.just("A"), TIMES
        ),
        st.builds(NotLoggedIn, SESSIONS),
        st.builds(SessionGone, SESSIONS),
        st.builds(LinkLapsed, SESSIONS),
        st.builds(LoggedOut, st.one_of(st.none(), SESSIONS)),
    ),
    max_size=12,
)


@given(STEPS)
def test_whatever_happens_an_active_login_has_a_session_an_owner_and_an_end(
    steps: list[Step],
) -> None:
    login, owner = FRESH, None
    for step in steps:
        before, login = login, after(login, step)
        owner = owner or login.broker_user_id
        assert login.broker_user_id == owner
        if login.state is LoginState.ACTIVE:
            assert None not in (login.session_id, login.broker_user_id, login.expires_at)
        if login.state in {LoginState.EXPIRED, LoginState.LOST}:
            assert login.session_id is None
        if not isinstance(step, SessionOpened) and step.session_id != before.session_id:
            assert login == before
        assert after(login, step) == login or isinstance(step, (SessionOpened, ProfileSeen))
