"""Periods by the exchange's calendar or by UTC, and the equity that each began with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.calendars.sessions import Calendars
from app.calendars.table import load
from app.gate.history import day_start_of, history_of, is_fit, latched, rolled
from app.gate.periods import Periods, periods_of
from app.persistence.accounts import AccountRecord
from app.persistence.equity import EquityRecord
from riskgate.contracts.instruments import Currency
from riskgate.contracts.snapshots import BrokerSnapshot
from riskgate.policy import (
    DEFAULT_POLICY,
    ExecutionLimits,
    Limits,
    LossLimits,
    Override,
    Policy,
    longest_duplicate_window,
)
from tests.unit.riskgate.builders import a_history, margins

SUNDAY = datetime(2026, 3, 29, 20, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 30, 6, 30, tzinfo=UTC)
A_DAY = timedelta(days=1)
MONDAY = Periods("2026-03-30", "2026-W14", "2026-03", SUNDAY)
TUESDAY = Periods("2026-03-31", "2026-W14", "2026-03", SUNDAY)


def starts(record: EquityRecord) -> tuple[int, int, int]:
    return int(record.day_start), int(record.week_start), int(record.month_start)


@pytest.mark.parametrize(
    ("currency", "at", "day", "starts"),
    [
        # 01:30 on Monday in India; in New York it is Sunday, which belongs to Monday.
        (Currency.INR, SUNDAY, "2026-03-30", datetime(2026, 3, 27, 18, 30, tzinfo=UTC)),
        (Currency.USD, SUNDAY, "2026-03-30", datetime(2026, 3, 28, 4, 0, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_the_midnight_after_the_last_session(
    currency: Currency, at: datetime, day: str, starts: datetime
) -> None:
    found = periods_of(load(), currency, at)
    assert (found.day, found.day_starts_at) == (day, starts)


@pytest.mark.parametrize("calendars", [Calendars({}), load()], ids=["none", "not covered"])
def test_where_no_calendar_reaches_the_periods_are_of_utc(calendars: Calendars) -> None:
    at = datetime(2035, 1, 1, 23, 30, tzinfo=UTC)
    assert periods_of(calendars, Currency.INR, at) == Periods(
        day="2035-01-01",
        week="2035-W01",
        month="2035-01",
        day_starts_at=datetime(2035, 1, 1, tzinfo=UTC),
    )


def test_a_first_look_begins_every_period_with_what_the_broker_says_of_the_day() -> None:
    record = rolled(None, MONDAY, margins(equity=990, start_of_day_equity=1000), NOON)
    assert {record.day_start, record.week_start, record.month_start, record.peak} == {Decimal(1000)}
    assert history_of(record) == a_history(1000)
    assert history_of(None) is None


def test_a_new_day_leaves_week_month_and_latch_and_no_peak_ever_falls() -> None:
    first = replace(rolled(None, MONDAY, margins(equity=1000), NOON), spent_month="2026-03")
    record = rolled(first, TUESDAY, margins(equity=900), NOON + A_DAY)
    assert starts(record) == (1000, 1000, 1000)
    assert (int(record.peak), record.spent_month) == (1000, "2026-03")
    assert history_of(record) == a_history(1000, month_spent=True)
    assert rolled(record, MONDAY, margins(equity=900), NOON + A_DAY) == record


def test_periods_begin_with_the_equity_last_known_before_them() -> None:
    first = rolled(None, MONDAY, margins(equity=1000), NOON)
    evening = rolled(first, MONDAY, margins(equity=970), NOON + timedelta(hours=6))
    tuesday = rolled(evening, TUESDAY, margins(equity=900, start_of_day_equity=900), NOON + A_DAY)
    april = Periods("2026-04-06", "2026-W15", "2026-04", SUNDAY)
    monday = rolled(tuesday, april, margins(equity=800), NOON + 7 * A_DAY)
    assert starts(tuesday) == (970, 1000, 1000)
    assert starts(monday) == (900, 900, 900)
    assert int(monday.peak) == 1000


def test_an_older_look_does_not_become_the_last_known_equity() -> None:
    first = rolled(None, MONDAY, margins(equity=1000), NOON)
    older = rolled(first, MONDAY, margins(equity=1100), NOON - timedelta(seconds=1))
    assert (int(older.last_equity), int(older.peak)) == (1000, 1100)
    assert older.last_equity_at == NOON


def test_the_day_began_with_the_higher_of_the_brokers_word_and_ours() -> None:
    record = rolled(None, MONDAY, margins(equity=1000), NOON)
    assert day_start_of(record, margins(equity=900, start_of_day_equity=950), MONDAY) == 1000
    assert day_start_of(record, margins(equity=900, start_of_day_equity=1050), MONDAY) == 1050
    assert day_start_of(record, margins(equity=900), MONDAY) == 1000
    assert day_start_of(record, margins(equity=900, start_of_day_equity=950), TUESDAY) == 950
    assert day_start_of(record, None, TUESDAY) is None
    assert day_start_of(None, None, MONDAY) is None


@pytest.mark.parametrize(
    ("changes", "fit"),
    [
        ({}, True),
        ({"as_of": NOON - timedelta(seconds=30)}, True),
        ({"as_of": NOON - timedelta(seconds=30, microseconds=1)}, False),
        ({"as_of": NOON + timedelta(seconds=5)}, True),
        ({"as_of": NOON + timedelta(seconds=5, microseconds=1)}, False),
        ({"account_id": "another"}, False),
        ({"margins": None}, False),
        ({"margins": margins(equity=0)}, False),
        ({"margins": margins(equity=1000, currency=Currency.USD)}, False),
    ],
)
def test_only_a_snapshot_that_the_gate_would_take_is_kept(
    changes: dict[str, object], fit: bool
) -> None:
    account = AccountRecord(
        account_id="own",
        broker="mock",
        mode="PROPOSE",
        currency=Currency.INR,
        policy_hash="",
        is_default=True,
    )
    whole = BrokerSnapshot(
        snapshot_id="one",
        account_id="own",
        source="mock",
        as_of=NOON,
        holdings=(),
        positions=(),
        orders=(),
        margins=margins(equity=1000),
    )
    assert is_fit(whole.model_copy(update=changes), account, DEFAULT_POLICY, at=NOON) is fit


def test_the_month_is_spent_by_the_accounts_own_limit_at_it_and_not_before() -> None:
    policy = Policy(limits=Limits(loss=LossLimits(monthly_loss_budget_pct=Decimal("0.06"))))
    record = rolled(None, MONDAY, margins(equity=1000), NOON)
    assert latched(record, margins(equity=Decimal("940.01")), policy) == record
    assert latched(record, margins(equity=940), policy).spent_month == "2026-03"
    assert latched(record, margins(equity=1), Policy()) == record


def test_repeats_are_remembered_for_the_longest_window_of_any_override() -> None:
    longer = Override(limits=Limits(execution=ExecutionLimits(duplicate_window_s=Decimal(90))))
    assert longest_duplicate_window(Policy()) == 0
    assert longest_duplicate_window(Policy(symbols={"INFY": longer})) == 90
    assert longest_duplicate_window(Policy(strategies={"manual": longer})) == 90
