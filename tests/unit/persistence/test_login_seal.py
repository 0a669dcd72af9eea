"""A sealed login opens in its own row, with its own secret, unchanged, and nowhere else."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from adapters.ports import KeptLogin, LoginState
from app.persistence.login_seal import LoginSeal, SealBroken

SECRET = b"s" * 32
SESSION = "kitemcp-0c9a7c9e-canary"
LOGIN = KeptLogin(
    state=LoginState.ACTIVE,
    session_id=SecretStr(SESSION),
    opened_at=datetime(2026, 3, 11, 4, tzinfo=UTC),
    expires_at=datetime(2026, 3, 12, 0, 30, tzinfo=UTC),
    broker_user_id="AB1234",
    user="A Person",
)


def sealed(secret: bytes = SECRET, tenant: str = "main", account: str = "k", at: int = 3) -> bytes:
    return LoginSeal(secret, tenant).close(LOGIN, account_id=account, version=at)


def opened(sealed: bytes, secret: bytes = SECRET, tenant: str = "main") -> KeptLogin:
    return LoginSeal(secret, tenant).open(sealed, account_id="k", version=3)


def test_a_login_opens_whole_with_its_session_id() -> None:
    found = opened(sealed())
    assert found == LOGIN
    assert found.session_id is not None
    assert found.session_id.get_secret_value() == SESSION


def test_nothing_of_a_login_can_be_read_in_its_bytes_and_no_two_are_alike() -> None:
    first, second = sealed(), sealed()
    assert first != second
    for word in (SESSION, "kitemcp", "AB1234", "Person", "ACTIVE"):
        assert word.encode() not in first + second


@pytest.mark.parametrize(
    "foreign",
    [
        sealed(secret=b"t" * 32),
        sealed(tenant="other"),
        sealed(account="l"),
        sealed(at=2),
        sealed(at=4),
    ],
)
def test_a_login_of_another_secret_tenant_account_or_version_does_not_open(foreign: bytes) -> None:
    with pytest.raises(SealBroken):
        opened(foreign)


def test_names_that_run_together_are_not_taken_for_each_other() -> None:
    elsewhere = LoginSeal(SECRET, 'main","k').close(LOGIN, account_id="", version=3)
    with pytest.raises(SealBroken):
        opened(elsewhere)


@given(st.data())
def test_no_single_changed_byte_goes_unnoticed(data: st.DataObject) -> None:
    whole = bytearray(sealed())
    where = data.draw(st.integers(0, len(whole) - 1))
    whole[where] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        opened(bytes(whole))


@given(st.binary(max_size=80))
def test_bytes_of_any_other_origin_do_not_open(noise: bytes) -> None:
    with pytest.raises(SealBroken):
        opened(noise)


def test_what_does_not_open_shows_nothing_of_itself() -> None:
    with pytest.raises(SealBroken) as broken:
        opened(sealed(account="l"))
    assert (broken.value.args, broken.value.__cause__) == ((), None)
