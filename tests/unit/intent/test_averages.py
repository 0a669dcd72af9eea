"""Averages and their periods, however they are spelt."""

import pytest

from riskgate.contracts.intents import Metric
from tests.unit.intent.talk import say


@pytest.mark.parametrize(
    ("said", "metric", "period", "interval"),
    [
        ("price is above the 200-day sma", Metric.SMA, 200, "1d"),
        ("it crosses above 50-day moving average", Metric.SMA, 50, "1d"),
        ("it crosses above the 50 day simple moving average", Metric.SMA, 50, "1d"),
        ("it crosses above its 50 period sma", Metric.SMA, 50, None),
        ("it crosses above sma(50)", Metric.SMA, 50, None),
        ("price crosses above ema 20", Metric.EMA, 20, None),
        ("price crosses above 20 period ema on 15m", Metric.EMA, 20, "15m"),
    ],
)
def test_the_number_beside_an_average_is_its_period(
    said: str, metric: Metric, period: int, interval: str | None
) -> None:
    (trade,) = say(f"buy 10 infy if {said}").trades
    condition = trade.condition
    assert condition is not None
    assert (condition.metric, condition.value) == (metric, None)
    assert (condition.period, condition.interval) == (period, interval)


@pytest.mark.parametrize(
    "said",
    ["14 period daily rsi crosses above 75", "daily 14-period rsi crosses above 75"],
)
def test_a_period_stands_before_or_behind_its_bars(said: str) -> None:
    (trade,) = say(f"sell 10 infy if {said}").trades
    condition = trade.condition
    assert condition is not None
    assert condition.metric is Metric.RSI
    assert condition.value == 75
    assert (condition.period, condition.interval) == (14, "1d")


def test_two_averages_against_each_other_are_asked_about() -> None:
    parsed = say("buy 10 infy when 9 ema crosses 21 ema")
    assert parsed.trades[0].condition is None
    assert parsed.missing == ("condition",)
