"""A page elsewhere, or a name that was bent to point here, does not get in."""

import pytest

from app.mcp_server.hosts import LOOPBACK, host_is_ours, origin_is_ours

OURS = LOOPBACK | {"desk.example.org"}


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]:8080", "desk.example.org"],
)
def test_our_own_names_are_ours_on_any_port(host: str) -> None:
    assert host_is_ours(host, OURS)
    assert origin_is_ours(f"http://{host}", OURS)
    assert origin_is_ours(f"https://{host}", OURS)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "evil.example#127.0.0.1",
        "127.0.0.1:80:80",
        "127.0.0.1:x",
        "[::1",
        "",
    ],
)
def test_any_other_name_is_not(host: str) -> None:
    assert not host_is_ours(host, OURS)
    assert not origin_is_ours(f"http://{host}", OURS)


@pytest.mark.parametrize("origin", ["null", "file://127.0.0.1", "127.0.0.1", "ftp://localhost", ""])
def test_what_is_no_web_page_of_ours_is_not(origin: str) -> None:
    assert not origin_is_ours(origin, OURS)


def test_a_program_that_is_no_page_sends_no_origin_but_always_a_host() -> None:
    assert origin_is_ours(None, OURS)
    assert not host_is_ours(None, OURS)
