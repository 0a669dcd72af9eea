"""The sliding minute of one user on one route."""

from datetime import timedelta

from app.identity.rate_limit import RateLimiter
from tests.fakes.clock import MORNING


def _limiter() -> RateLimiter:
    return RateLimiter(reads_per_min=3, writes_per_min=1)


def _take(limiter: RateLimiter, *, user: str = "u", method: str = "GET", at_s: float = 0) -> bool:
    now = MORNING + timedelta(seconds=at_s)
    return not limiter.take(user=user, method=method, route="/orders", now=now).exceeded


def test_the_call_over_the_limit_is_refused_until_the_first_is_a_minute_old() -> None:
    limiter = _limiter()
    given = [_take(limiter, at_s=second) for second in (0, 10, 20, 30, 59.999, 60, 61, 70)]
    assert given == [True, True, True, False, False, True, False, True]


def test_users_and_methods_are_counted_apart() -> None:
    limiter = _limiter()
    assert [_take(limiter, method="POST"), _take(limiter, method="POST")] == [True, False]
    assert _take(limiter, method="POST", user="other")
    assert _take(limiter)


def test_a_refusal_says_how_long_to_wait() -> None:
    limiter = _limiter()
    for _ in range(3):
        _take(limiter)
    now = MORNING + timedelta(seconds=15)
    refused = limiter.take(user="u", method="GET", route="/orders", now=now)
    assert (refused.limit, refused.remaining, refused.retry_after_s) == (3, 0, 45)


def test_a_clock_put_back_keeps_nobody_out() -> None:
    limiter = _limiter()
    assert [_take(limiter, at_s=second) for second in (7_200, 7_200, 7_200, 0)] == [True] * 4
