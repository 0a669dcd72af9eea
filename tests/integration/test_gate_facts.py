"""What the gate remembers between plans, and when markets trade."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.bootstrap import build
from app.errors import Forbidden, SettingsInvalid
from app.gate.history import EquityUnknown, PeakReset, reset_peak
from app.gate.service import RETIRED_DEFAULTS
from app.identity.principal import OWNER_TENANT
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import ExecutionMode
from riskgate.contracts.snapshots import BrokerSnapshot
from riskgate.policy import (
    DEFAULT_POLICY,
    ExecutionLimits,
    KillSwitchLimits,
    Limits,
    LossLimits,
    MarketLimits,
    Mode,
    OrderLimits,
    Override,
    Policy,
)
from tests.fakes.brokers import FragileBroker
from tests.fakes.clock import FakeClock
from tests.fakes.market import ScriptedMarket
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.conftest import open_desk
from tests.integration.driving import (
    BUY,
    MOCK_ACCOUNT,
    approve,
    as_owner,
    propose,
    reconcile,
    rows,
    say,
    set_policy,
    trade,
)

AAPL = InstrumentRef(exchange=Exchange.NASDAQ, tradingsymbol="AAPL")
MILLION = Decimal(1_000_000)
RELEASE_1 = Path(__file__).parents[1] / "golden" / "policies" / "default_release_1.json"


def worth(bench: Bench, equity: int, *, began: int | None = None) -> None:
    """Show a book of some equity; without `began` the broker does not tell the day's start."""
    bench.broker.change_snapshot = lambda whole: _worth(whole, equity, began)


def _worth(whole: BrokerSnapshot, equity: int, began: int | None) -> BrokerSnapshot:
    assert whole.margins is not None
    start = None if began is None else Decimal(began)
    changes = {"equity": Decimal(equity), "start_of_day_equity": start}
    return whole.model_copy(update={"margins": whole.margins.model_copy(update=changes)})


def ist(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    """Return a time of 2026 in India."""
    total = hour * 60 + minute - 330
    return datetime(2026, month, day, total // 60, total % 60, tzinfo=UTC)


async def asked(client: httpx.AsyncClient, quantity: int = 10, rest: str = "cnc") -> dict[str, Any]:
    return await say(client, f"buy {quantity} INFY at market, {rest}")


def denied(answer: dict[str, Any]) -> list[str]:
    """Return the rules of a veto card, nothing of a plan that passed."""
    return [item["rule_id"] for item in answer["cards"][-1]["fields"].get("violations", [])]


def switch_of(location: DatabaseLocation) -> list[tuple[str, str, str]]:
    found = rows(location, "SELECT level, reason, set_by FROM kill_switches")
    return [(row["level"], row["reason"], row["set_by"]) for row in found]


# Equity


async def test_periods_roll_with_the_exchanges_calendar_over_a_holiday(
    settings: Settings, location: DatabaseLocation
) -> None:
    """31 March 2026 is a holiday, so what happens then counts to 1 April: a new day and month."""
    bench, seen = a_bench(), []
    async with bench.desk(settings, location) as desk, desk.client() as client:
        for moment, equity in (
            (ist(30, 10), 1_000_000),
            (ist(30, 23, 59), 1_010_000),
            (ist(31, 12), 1_005_000),
            (ist(1, 12, month=4), 1_004_000),
            (ist(6, 12, month=4), 1_003_000),
            (ist(30, 12), 1_002_000),
        ):
            bench.clock.set(moment)
            worth(bench, equity)
            assert not denied(await asked(client))
            (row,) = rows(location, "SELECT * FROM equity_history")
            seen.append(
                tuple(row[name] for name in ("day", "week", "month"))
                + tuple(int(row[f"{name}_start"] / 1000) for name in ("day", "week", "month"))
                + (int(row["peak"] / 1000),)
            )

    assert seen == [
        ("2026-03-30", "2026-W14", "2026-03", 1000, 1000, 1000, 1000),
        ("2026-03-30", "2026-W14", "2026-03", 1000, 1000, 1000, 1010),
        # What was lost over the holiday is lost in April, which began with what was there before.
        ("2026-04-01", "2026-W14", "2026-04", 1010, 1000, 1010, 1010),
        ("2026-04-01", "2026-W14", "2026-04", 1010, 1000, 1010, 1010),
        ("2026-04-06", "2026-W15", "2026-04", 1004, 1004, 1010, 1010),
        # The clock went back, and nothing began again.
        ("2026-04-06", "2026-W15", "2026-04", 1004, 1004, 1010, 1010),
    ]


async def test_a_brokers_higher_start_of_day_is_believed_before_ours(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        worth(bench, 1_000_000)
        assert not denied(await asked(client))
        worth(bench, 1_000_000, began=1_030_000)
        answer = await asked(client)

    assert denied(answer) == ["LOSS-001"]


async def test_the_day_of_a_dollar_account_does_not_begin_again_at_midnight_in_india(
    settings: Settings, location: DatabaseLocation
) -> None:
    """18:30 UTC is midnight in India and the middle of New York's session."""
    clock = FakeClock(datetime(2026, 3, 10, 16, tzinfo=UTC))
    market = ScriptedMarket(clock)
    seen = []
    async with (
        open_desk(settings, location, clock=clock, market=market) as desk,
        desk.client() as client,
    ):
        for hour, minute, price, quantity in (
            (16, 0, "100", 200),
            (18, 25, "87", 10),
            (18, 31, "87", 10),
        ):
            clock.set(datetime(2026, 3, 10, hour, minute, tzinfo=UTC))
            market.show(AAPL, bids=[(price, 100_000)], asks=[(price, 100_000)], last=price)
            text = f"buy {quantity} AAPL at market, cnc"
            card = await say(client, text, account_id="paper-usd")
            seen.append(denied(card))
            if not seen[-1]:
                assert (await approve(client, card["cards"][-1]["id"])).status_code == 200

    assert seen == [[], ["LOSS-001"], ["LOSS-001"]]


@pytest.mark.parametrize("wrong_by", [timedelta(minutes=-10), timedelta(minutes=10)])
async def test_a_snapshot_that_is_refused_begins_nothing_and_is_no_peak(
    settings: Settings, location: DatabaseLocation, wrong_by: timedelta
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, DEFAULT_POLICY)

        async def seen(equity: int, *, off: timedelta = timedelta(0)) -> list[str]:
            bench.broker.change_snapshot = lambda whole: _worth(whole, equity, None).model_copy(
                update={"as_of": whole.as_of + off}
            )
            await reconcile(client)
            return denied(await asked(client))

        low = await seen(500_000, off=wrong_by)
        nothing = rows(location, "SELECT 1 FROM equity_history")
        begun = await seen(1_000_000)
        high = await seen(10_000_000, off=wrong_by)
        after = await seen(1_000_000)
        lost = await seen(960_000)
    (row,) = rows(location, "SELECT week_start, month_start, peak, last_equity FROM equity_history")

    assert "SYS-003" in low
    assert "SYS-003" in high
    assert (nothing, begun, after) == ([], [], [])
    assert lost == ["LOSS-001", "LOSS-003"]
    assert row == {
        "week_start": MILLION,
        "month_start": MILLION,
        "peak": MILLION,
        "last_equity": Decimal(960_000),
    }


async def test_losses_count_that_only_the_rounds_have_seen(
    settings: Settings, location: DatabaseLocation
) -> None:
    """Most of April 0.9 % is lost on a trading day, and nobody asks for a trade."""
    bench, equity = a_bench(), 1_000_000
    async with bench.desk(settings, location) as desk, desk.client() as client:
        for day in (1, 2, 6, 7, 8, 9, 10, 13, 15, 16, 17):
            bench.clock.set(ist(day, 10, month=4))
            worth(bench, equity, began=equity)
            await reconcile(client)
            equity = equity * 991 // 1000
        worth(bench, equity, began=equity)
        answer = await asked(client)

    assert equity < 910_000
    assert denied(answer) == ["LOSS-003", "LOSS-004"]
    assert "MONTHLY_BUDGET_SPENT" in answer["message"]
    check(location, bench.mock)


async def test_a_round_spends_the_month_though_it_is_earned_back_before_the_next_plan(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    budget = Policy(limits=Limits(loss=LossLimits(monthly_loss_budget_pct=Decimal("0.06"))))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, budget)
        for equity in (1_000_000, 940_000, 1_000_000):
            worth(bench, equity)
            await reconcile(client)
        answer = await asked(client)

    assert denied(answer) == ["LOSS-004"]
    assert "MONTHLY_BUDGET_SPENT" in answer["message"]


async def test_a_looser_override_does_not_keep_the_month_from_being_spent(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    looser = Limits(loss=LossLimits(monthly_loss_budget_pct=Decimal("0.5")))
    policy = Policy(
        limits=Limits(loss=LossLimits(monthly_loss_budget_pct=Decimal("0.06"))),
        symbols={"INFY": Override(limits=looser, may_loosen=True)},
    )
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, policy)
        worth(bench, 1_000_000)
        assert not denied(await asked(client))
        worth(bench, 940_000)
        assert not denied(await asked(client))
        worth(bench, 1_000_000)
        other = await say(client, "buy 10 TCS at market, cnc")

    assert denied(other) == ["LOSS-004"]


async def test_a_risk_admin_sets_the_peak_anew_and_nobody_else(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    deepest = Policy(limits=Limits(loss=LossLimits(max_drawdown_pct=Decimal("0.1"))))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, deepest)
        database, now = desk.container.database, bench.clock.now()
        allowed = PeakReset(account_id=MOCK_ACCOUNT, reason="paid out", by="asha", may_reset=True)
        async with database.tenant(OWNER_TENANT) as session:
            with pytest.raises(EquityUnknown):
                await reset_peak(session, allowed, at=now)
        worth(bench, 1_000_000)
        assert not denied(await asked(client))
        worth(bench, 900_000)
        before = denied(await asked(client))
        async with database.tenant(OWNER_TENANT) as session:
            with pytest.raises(Forbidden):
                await reset_peak(session, replace(allowed, may_reset=False), at=now)
            await reset_peak(session, allowed, at=now)
        after = denied(await asked(client))
    entries = rows(location, "SELECT actor, body FROM audit_log WHERE action = 'equity.peak_reset'")

    assert (before, after) == (["LOSS-002"], [])
    (entry,) = entries
    assert entry["actor"] == "asha"
    assert (entry["body"]["from"], entry["body"]["to"]) == ("1000000", "900000")
    assert entry["body"]["reason"] == "paid out"
    check(location, bench.mock)


async def test_the_months_latch_outlives_gains_and_a_restart_and_ends_with_the_month(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    budget = Policy(limits=Limits(loss=LossLimits(monthly_loss_budget_pct=Decimal("0.06"))))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        key = desk.owner_key
        await set_policy(desk, location, budget)
        worth(bench, 1_000_000)
        before = denied(await asked(client))
        worth(bench, 940_000)
        reached = await asked(client)
        worth(bench, 1_000_000)
        earned_back = await asked(client)
    async with bench.desk(settings, location, owner_key=key) as desk, desk.client() as client:
        restarted = await asked(client)
        bench.clock.set(ist(1, 10, month=4))
        next_month = denied(await asked(client))

    assert (before, next_month) == ([], [])
    assert [denied(a) for a in (reached, earned_back, restarted)] == [["LOSS-004"]] * 3
    assert "MONTHLY_LOSS" in reached["message"]
    assert "MONTHLY_BUDGET_SPENT" in earned_back["message"]
    assert "MONTHLY_BUDGET_SPENT" in restarted["message"]
    check(location, bench.mock)


async def test_a_drawdown_trips_the_switch_and_says_so(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, _trips_on_drawdown())
        worth(bench, 1_000_000)
        assert not denied(await asked(client))
        worth(bench, 900_000)
        answer = await asked(client)
        again = await asked(client)
    entries = rows(location, "SELECT actor, body FROM audit_log WHERE action = 'kill_switch.set'")

    said = "The kill switch was set to REDUCE_ONLY: LOSS-002 fired."
    assert denied(answer) == ["LOSS-002"]
    assert said in answer["message"]
    assert answer["cards"][-1]["fields"]["kill_switch"].startswith(said)
    assert denied(again) == ["KILL-001", "LOSS-002"]
    assert again["cards"][-1]["fields"]["kill_switch"] is None
    assert switch_of(location) == [("REDUCE_ONLY", "LOSS-002 fired", "riskgate")]
    assert entries == [
        {
            "actor": "riskgate",
            "body": {"from": "RUNNING", "to": "REDUCE_ONLY", "reason": "LOSS-002 fired"},
        }
    ]
    check(location, bench.mock)


async def test_an_exit_passes_and_trips_the_switch_all_the_same(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, _trips_on_drawdown())
        await trade(client)
        worth(bench, 900_000)
        card = await say(client, "sell 10 INFY at market, cnc")
        done = (await approve(client, card["cards"][-1]["id"])).json()

    assert [item["rule_id"] for item in card["cards"][-1]["fields"]["waived"]] == ["LOSS-002"]
    assert "The kill switch was set to REDUCE_ONLY" in card["message"]
    assert done["outcome"] == "EXECUTED", done["message"]
    check(location, bench.mock)


def _trips_on_drawdown() -> Policy:
    return Policy(
        limits=Limits(loss=LossLimits(max_drawdown_pct=Decimal("0.1"))),
        kill_switch=KillSwitchLimits(trip_on_rules=("LOSS-002",)),
    )


# Refusals


async def test_so_many_refusals_since_the_switch_was_set_trip_it(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    limits = KillSwitchLimits(
        trip_after_n_violations=3, violation_window_seconds=60, trip_to=KillSwitchLevel.HALTED
    )
    order = OrderLimits(deny_list=frozenset({"INFY"}), max_order_quantity=Decimal(100))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, Policy(limits=Limits(order=order), kill_switch=limits))

        async def refused(times: int) -> None:
            for _ in range(times):
                bench.clock.advance(seconds=1)
                assert "ORD-012" in denied(await asked(client))

        await refused(2)
        bench.clock.advance(seconds=61)
        await refused(2)
        body = {"level": "RUNNING", "reason": "looked at it"}
        assert (await client.post("/api/v1/kill-switch", json=body)).status_code == 200
        await refused(2)
        smaller = await say(client, "buy 101 TCS at market, cnc")
        running = switch_of(location)
        await refused(1)

    assert smaller["cards"][-1]["fields"]["verdict"] == "MODIFY"
    assert [row[0] for row in running] == ["RUNNING"]
    assert switch_of(location) == [("HALTED", "3 plans were refused within 60 s", "riskgate")]
    check(location, bench.mock)


# Messages


async def test_the_eleventh_order_of_a_minute_waits_for_the_first_to_leave_it(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    rate = Policy(limits=Limits(execution=ExecutionLimits(max_orders_per_minute_global=10)))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, rate)
        for quantity in range(1, 11):
            await trade(client, f"buy {quantity} INFY at market, cnc")
        eleventh = await asked(client, 11)
        bench.clock.advance(seconds=59)
        still = await asked(client, 11)
        bench.clock.advance(seconds=2)
        allowed = denied(await asked(client, 11))

    assert denied(eleventh) == denied(still) == ["EXEC-001"]
    assert "This would pass: in 60 s" in eleventh["message"]
    assert "This would pass: in 1 s" in still["message"]
    assert allowed == []
    check(location, bench.mock)


async def test_cancels_count_as_messages_and_not_as_orders(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    few = ExecutionLimits(max_messages_per_minute=3, max_orders_per_day=3)
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, Policy(limits=Limits(execution=few)))
        done = await trade(client, "buy 10 INFY limit 900, cnc")
        order_id = done["orders"][0]["order_id"]
        assert (await client.post(f"/api/v1/orders/{order_id}/cancel")).status_code == 200
        third = denied(await asked(client, 11))
        await trade(client, "buy 11 INFY at market, cnc")
        fourth = denied(await asked(client, 12))
        bench.clock.advance(seconds=61)
        last = denied(await asked(client, 12))

    assert (third, fourth, last) == ([], ["EXEC-004"], [])
    kinds = rows(location, "SELECT kind FROM broker_messages ORDER BY message_id")
    assert [row["kind"] for row in kinds] == ["ORDER", "CANCEL", "ORDER"]
    check(location, bench.mock)


async def test_the_days_orders_are_counted_from_the_trading_days_beginning(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    one = Policy(limits=Limits(execution=ExecutionLimits(max_orders_per_day=1)))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, one)
        await trade(client)
        bench.clock.set(ist(11, 23, 59))
        late = denied(await asked(client, 11))
        bench.clock.set(datetime(2026, 3, 11, 18, 31, tzinfo=UTC))
        next_day = denied(await asked(client, 11))

    assert (late, next_day) == (["EXEC-005"], [])


async def test_the_same_order_is_refused_for_half_a_minute_under_the_shipped_policy(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        cards = [await propose(client), await propose(client)]
        first, second = [(await approve(client, card)).json() for card in cards]
        bench.clock.advance(seconds=29)
        asked_again, other = await say(client, BUY), await asked(client, 11)
        bench.clock.advance(seconds=1)
        later = denied(await say(client, BUY))

    assert (first["outcome"], second["error_code"]) == ("EXECUTED", "RISK_DENY")
    assert "DUPLICATE_ORDER" in second["message"]
    assert denied(asked_again) == ["EXEC-006"]
    assert (denied(other), later) == ([], [])
    check(location, bench.mock)


# Markets and brokers


async def test_a_policy_that_only_monitors_is_refused_before_a_live_broker(
    settings: Settings, location: DatabaseLocation
) -> None:
    live, paper = a_bench(ExecutionMode.LIVE), a_bench()
    monitor = Policy(mode=Mode.MONITOR)
    async with live.desk(settings, location) as desk, desk.client() as client:
        key = desk.owner_key
        await set_policy(desk, location, monitor)
        refused = await asked(client)
    async with paper.desk(settings, location, owner_key=key) as desk, desk.client() as client:
        card = await propose(client)
        assert isinstance(paper.broker, FragileBroker)
        paper.broker.become(ExecutionMode.LIVE)
        at_approval = await approve(client, card)

    assert (refused["outcome"], refused["error_code"]) == ("FAILED", "POLICY_MONITOR_LIVE")
    assert (at_approval.status_code, at_approval.json()["code"]) == (422, "POLICY_MONITOR_LIVE")
    assert rows(location, "SELECT 1 FROM orders") == []


async def test_a_live_market_has_hours_and_a_last_time_for_intraday_orders(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.market.go_live("900", "1100")
    bench.price(1000)
    hours = Policy(
        limits=Limits(
            market=MarketLimits(check_hours=True, mis_cutoff_minutes=10, check_circuit_band=True)
        )
    )
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, hours)
        bench.clock.set(ist(31, 11))
        holiday = await asked(client)
        bench.clock.set(ist(30, 15, 15))
        in_time = denied(await asked(client, rest="mis"))
        bench.clock.set(ist(30, 15, 25))
        too_late, delivery = await asked(client, rest="mis"), denied(await asked(client))
        bench.clock.set(ist(30, 15, 30))
        closed = await asked(client)

    assert denied(holiday) == denied(closed) == ["MKT-001"]
    assert "it opens at 2026-04-01T03:45:00.000000Z" in holiday["message"]
    assert "it opens at 2026-04-01T03:45:00.000000Z" in closed["message"]
    assert (in_time, denied(too_late), delivery) == ([], ["MKT-003"], [])


async def test_the_operators_circular_closes_a_day(
    settings: Settings, location: DatabaseLocation, tmp_path: Path
) -> None:
    circular = tmp_path / "circular.csv"
    circular.write_text(
        "calendar,day,kind,opens,closes,name\nXBOM,2026-03-11,closed,,,Storm\n", encoding="utf-8"
    )
    bench = a_bench()
    bench.market.go_live("900", "1100")
    bench.price(1000)
    with_circular = settings.model_copy(update={"calendars": circular})
    async with bench.desk(with_circular, location) as desk, desk.client() as client:
        answer = await asked(client)

    assert denied(answer) == ["MKT-001"]


@pytest.mark.parametrize("text", [None, "calendar,day\n", "calendar,day,kind,opens,closes,name\nX"])
def test_circulars_that_cannot_be_used_stop_the_start(
    settings: Settings, location: DatabaseLocation, tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "circular.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=r"SIGMATRADER_CALENDARS: .*circular\.csv"):
        build(settings.model_copy(update={"calendars": path}), location)


# Releases


async def test_accounts_of_the_release_before_get_the_default_policy_of_this_one(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        key = desk.owner_key
        made = await trade(client)
    (retired,) = RETIRED_DEFAULTS
    as_owner(
        location,
        "INSERT INTO policies (tenant_id, policy_hash, body, created_by, created_at)"
        " VALUES ('main', %s, %s::jsonb, 'test', now())",
        retired,
        RELEASE_1.read_text(encoding="utf-8"),
    )
    as_owner(location, "UPDATE accounts SET policy_hash = %s", retired)
    as_owner(
        location,
        "UPDATE risk_decisions SET policy_hash = %s,"
        " body = jsonb_set(body, '{schema_id}', '\"risk_decision/1\"')",
        retired,
    )
    async with bench.desk(settings, location, owner_key=key) as desk, desk.client() as client:
        bench.clock.advance(seconds=60)
        done = await trade(client)
        decision_id = made["decision_id"]
        replayed = (await client.post(f"/api/v1/decisions/{decision_id}/replay")).json()

    hashes = {row["policy_hash"] for row in rows(location, "SELECT policy_hash FROM accounts")}
    replaced = rows(
        location, "SELECT entity_id FROM audit_log WHERE action = 'policy.replaced' ORDER BY seq"
    )
    assert done["outcome"] == "EXECUTED", done["message"]
    assert hashes == {DEFAULT_POLICY.policy_hash}
    assert MOCK_ACCOUNT in [row["entity_id"] for row in replaced]
    gates = [step for step in replayed["steps"] if step["step"] == "gate"]
    assert gates
    assert all("$.schema_id" in step["difference"] for step in gates)
