"""Links and probes of one account are few; those of another do not count against it."""

from app.connections.limits import LINKS, LoginLimits
from tests.fakes.clock import FakeClock

MINE, OTHER = ("main", "k"), ("other", "k")


def test_five_links_in_five_minutes_and_then_one_as_the_first_grows_old() -> None:
    clock, limits = FakeClock(), LoginLimits()
    given = []
    for _ in range(LINKS + 1):
        given.append(limits.take_link(MINE, clock.now()))
        clock.advance(seconds=10)
    assert given == [*[True] * LINKS, False]
    assert limits.take_link(OTHER, clock.now())
    clock.advance(minutes=4)
    assert limits.take_link(MINE, clock.now())
    assert not limits.take_link(MINE, clock.now())


def test_the_broker_is_asked_once_in_two_seconds() -> None:
    clock, limits = FakeClock(), LoginLimits()
    assert limits.take_probe(MINE, clock.now())
    clock.advance(seconds=1.9)
    assert not limits.take_probe(MINE, clock.now())
    assert limits.take_probe(OTHER, clock.now())
    clock.advance(seconds=0.1)
    assert limits.take_probe(MINE, clock.now())


def test_a_clock_put_back_does_not_silence_probes() -> None:
    clock, limits = FakeClock(), LoginLimits()
    assert limits.take_probe(MINE, clock.now())
    clock.advance(hours=-1)
    assert limits.take_probe(MINE, clock.now())


def test_a_clock_put_back_does_not_keep_people_from_their_links() -> None:
    clock, limits = FakeClock(), LoginLimits()
    for _ in range(LINKS):
        assert limits.take_link(MINE, clock.now())
    clock.advance(hours=-1)
    assert limits.take_link(MINE, clock.now())
