"""Only the holder of the secret can make a postback that counts."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.postbacks.checksum import checksum, is_genuine

ORDER, AT, SECRET = "220303000308932", "2022-03-03 09:24:25", "a-secret"
GENUINE = checksum(ORDER, AT, SECRET)


def test_the_checksum_is_the_hash_of_id_time_and_secret_joined() -> None:
    assert hashlib.sha256((ORDER + AT + SECRET).encode()).hexdigest() == GENUINE
    assert is_genuine(GENUINE, ORDER, AT, SECRET)


@pytest.mark.parametrize(
    ("given_sum", "order", "at", "secret"),
    [
        (GENUINE, ORDER + "1", AT, SECRET),
        (GENUINE, ORDER, "2022-03-03 09:24:26", SECRET),
        (GENUINE, ORDER, AT, "another"),
        (GENUINE.upper(), ORDER, AT, SECRET),
        ("", ORDER, AT, SECRET),
        ("é" * 64, ORDER, AT, SECRET),
        (checksum(ORDER, AT, ""), ORDER, AT, ""),
    ],
)
def test_anything_else_is_forged(given_sum: str, order: str, at: str, secret: str) -> None:
    assert not is_genuine(given_sum, order, at, secret)


@given(position=st.integers(0, 63), digit=st.sampled_from("0123456789abcdef"))
def test_one_other_digit_is_enough(position: int, digit: str) -> None:
    changed = GENUINE[:position] + digit + GENUINE[position + 1 :]
    assert is_genuine(changed, ORDER, AT, SECRET) is (changed == GENUINE)
