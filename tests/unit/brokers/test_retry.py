import pytest

from adapters.errors import BrokerUnavailable, OutcomeUnknown
from adapters.retry import retry_read


class FlakyRead:
    """Fails a number of times, then answers."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self._left = failures
        self._error = error or BrokerUnavailable("not reachable")
        self.calls = 0
        self.slept: list[float] = []

    async def read(self) -> str:
        self.calls += 1
        if self._left > 0:
            self._left -= 1
            raise self._error
        return "book"

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_a_read_is_asked_again_after_longer_and_longer_waits() -> None:
    flaky = FlakyRead(2)
    assert await retry_read(flaky.read, sleep=flaky.sleep, first_delay_s=0.5) == "book"
    assert (flaky.calls, flaky.slept) == (3, [0.5, 1.0])


async def test_it_gives_up_after_the_last_attempt() -> None:
    flaky = FlakyRead(3)
    with pytest.raises(BrokerUnavailable):
        await retry_read(flaky.read, sleep=flaky.sleep)
    assert (flaky.calls, len(flaky.slept)) == (3, 2)


async def test_an_unknown_outcome_is_never_asked_again() -> None:
    flaky = FlakyRead(1, OutcomeUnknown("lost"))
    with pytest.raises(OutcomeUnknown):
        await retry_read(flaky.read, sleep=flaky.sleep)
    assert flaky.calls == 1
