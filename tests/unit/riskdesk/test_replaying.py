"""Replay proves a journal, and the time machine says what another policy would have done."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.riskdesk.journal import JournalUnsound, read_journal
from app.riskdesk.replaying import TimeMachine, report, verify_decisions
from app.riskdesk.telling import statistics, timelines
from riskgate.contracts.orders import OrderType
from riskgate.policy import parse_policy
from riskgate.records import GENESIS, Head, Kind, seal_value
from tests.unit.riskdesk.desks import (
    POLICY_TEXT,
    SlowBroker,
    a_desk,
    a_policy,
    a_portfolio,
    a_start,
    an_intent,
    at,
    prices,
    records_of,
)

DAY_S = 24 * 3600


def test_a_journal_replays_as_it_was_even_with_prices_that_are_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "j"
    start = a_start(a_portfolio(positions={"B": Decimal(3)}), prices(A="NaN", B="Infinity"))
    desk = a_desk(path, start=start)
    desk.submit(an_intent(), at(0))
    desk.set_prices(prices(A=100, B=100), at(1))
    desk.submit(an_intent("i-2"), at(2))
    desk.submit(an_intent("i-3", symbol="nobody knows"), at(3))
    desk.set_prices(prices(A=90), at(DAY_S))
    desk.submit(an_intent("i-4", quantity=Decimal(500)), at(DAY_S + 1))
    desk.journal.close()
    found = verify_decisions(read_journal(path), desk.journal.head)
    assert found == (desk.journal.head, 4, None, False)


def rewritten(path: Path, seq: int, **changes: object) -> None:
    """Forge one record and everything after it, so that the chain holds again."""
    head, lines = GENESIS, b""
    for record in records_of(path):
        body = record.body | (changes if record.head.seq == seq else {})
        line, head = seal_value(head, record.at, record.kind, body)
        lines += line
    path.write_bytes(lines)


def first(path: Path, kind: Kind) -> int:
    return next(record.head.seq for record in records_of(path) if record.kind is kind)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"verdict": "DENY"}, "verdict"),
        ({"allowed": "7"}, "allowed"),
        ({"kill": "HALTED"}, "kill"),
        ({"evidence": []}, "evidence"),
        ({"policy": "b" * 64}, "policy"),
    ],
)
def test_a_forged_decision_is_named_though_its_chain_holds(
    tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    path = tmp_path / "j"
    desk = a_desk(path)
    desk.submit(an_intent(), at(0))
    desk.submit(an_intent("i-2"), at(1))
    desk.journal.close()
    seq = first(path, Kind.DECISION)
    rewritten(path, seq, **changes)
    difference = verify_decisions(read_journal(path)).difference
    assert difference is not None
    assert f"record {seq}" in difference
    assert named in difference


def test_a_forged_policy_or_fill_is_named_though_its_chain_holds(tmp_path: Path) -> None:
    path = tmp_path / "j"
    desk = a_desk(path)
    desk.submit(an_intent(), at(0))
    desk.journal.close()
    whole = path.read_bytes()
    rewritten(path, 1, policy=a_policy(rate=7).model_dump(mode="json"))
    assert "policy" in (verify_decisions(read_journal(path)).difference or "")
    path.write_bytes(whole)
    rewritten(path, first(path, Kind.FILL), qty="11")
    assert "fill, turns the kill switch" in (verify_decisions(read_journal(path)).difference or "")


def with_lines(path: Path, *bodies: tuple[Kind, dict[str, Any]]) -> str:
    """Add records to a journal, so that its chain holds, and return what a replay says of it."""
    records = records_of(path)
    head, lines = records[-1].head, b""
    for kind, body in bodies:
        line, head = seal_value(head, records[-1].at, kind, body)
        lines += line
    path.write_bytes(path.read_bytes() + lines)
    return verify_decisions(read_journal(path)).difference or ""


def an_order_record(path: Path, quantity: str, **changes: object) -> dict[str, Any]:
    last = records_of(path)[-1]
    return {
        "intent_id": last.body["asked"]["intent_id"],
        "limit_price": None,
        "order_id": f"ord-{last.head.seq:06}",
        "order_type": "market",
        "qty": quantity,
        "side": "buy",
        "strategy_id": "alpha",
        "symbol": "A",
        **changes,
    }


def a_journal_without_its_order(
    path: Path, quantity: int, *, apply_modify: bool = False, symbol: str = "A"
) -> None:
    """Write a journal that ends with a decision."""
    desk = a_desk(path, start=a_start(apply_modify=apply_modify), broker=SlowBroker())
    desk.submit(an_intent(quantity=Decimal(quantity), symbol=symbol), at(0))
    desk.journal.close()
    kept = first(path, Kind.DECISION)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:kept]))


@pytest.mark.parametrize(
    ("asked", "apply_modify", "sent"),
    [
        (10, False, "9"),
        (10, False, "11"),
        (150, False, "100"),
        (150, True, "99"),
        (150, True, "150"),
    ],
)
def test_an_order_of_another_size_than_was_decided_is_named(
    tmp_path: Path, asked: int, apply_modify: bool, sent: str
) -> None:
    path = tmp_path / "j"
    a_journal_without_its_order(path, asked, apply_modify=apply_modify)
    found = with_lines(path, (Kind.ORDER, an_order_record(path, sent)))
    assert "order, makes no sense: sends" in found


def test_an_order_after_a_refusal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "j"
    a_journal_without_its_order(path, 10, symbol="X")
    found = with_lines(path, (Kind.ORDER, an_order_record(path, "10", symbol="X")))
    assert "DENY lets nothing be sent" in found


@pytest.mark.parametrize(
    "changes", [{"side": "sell"}, {"symbol": "B"}, {"limit_price": "3"}, {"order_id": "ord-x"}]
)
def test_an_order_that_is_not_the_one_decided_on_is_named(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    path = tmp_path / "j"
    a_journal_without_its_order(path, 10)
    found = with_lines(path, (Kind.ORDER, an_order_record(path, "10", **changes)))
    assert "another order than was decided on" in found


@pytest.mark.parametrize(("asked", "apply_modify", "sent"), [(10, False, "10"), (150, True, "100")])
def test_one_decision_lets_one_order_be_sent_and_a_second_is_named(
    tmp_path: Path, asked: int, apply_modify: bool, sent: str
) -> None:
    path = tmp_path / "j"
    a_journal_without_its_order(path, asked, apply_modify=apply_modify)
    order = an_order_record(path, sent)
    assert with_lines(path, (Kind.ORDER, order)) == ""
    assert "without a decision just before" in with_lines(path, (Kind.ORDER, order))


@pytest.mark.parametrize("level", ["RUNNING", "REDUCE_ONLY", "HALTED"])
def test_a_kill_by_the_gate_that_nothing_tripped_is_named(tmp_path: Path, level: str) -> None:
    path = tmp_path / "j"
    a_desk(path).journal.close()
    body = {"level": level, "by": "gate", "reason": "x"}
    assert "nothing tripped it" in with_lines(path, (Kind.KILL, body))


def test_a_journal_without_the_kill_of_a_trip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "j"
    desk = a_desk(path, policy=a_policy(violations=1))
    desk.submit(an_intent(symbol="X"), at(0))
    desk.journal.close()
    assert verify_decisions(read_journal(path)).difference is None
    *kept, _kill = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(kept))
    difference = verify_decisions(read_journal(path)).difference or ""
    assert "no kill record says so" in difference
    body = {"level": "RUNNING", "by": "me", "reason": "x"}
    assert with_lines(path, (Kind.KILL, body)) == difference


def test_an_anchor_that_the_journal_does_not_hold_is_named(tmp_path: Path) -> None:
    path = tmp_path / "j"
    desk = a_desk(path)
    desk.submit(an_intent(), at(0))
    desk.journal.close()
    later = Head(desk.journal.head.seq + 5, "a" * 64)
    assert "anchor" in (verify_decisions(read_journal(path), later).difference or "")


def test_a_journal_in_which_no_run_began_makes_no_sense(tmp_path: Path) -> None:
    line, _head = seal_value(GENESIS, at(0), Kind.FILL, {})
    (tmp_path / "j").write_bytes(line)
    with pytest.raises(JournalUnsound, match="no run ever began"):
        TimeMachine(a_policy()).run(read_journal(tmp_path / "j").records())


def test_the_time_machine_says_what_another_policy_would_have_done_in_rupees(
    tmp_path: Path,
) -> None:
    path = tmp_path / "j"
    desk = a_desk(path)
    desk.submit(an_intent("kept", quantity=Decimal(10)), at(0))
    desk.submit(an_intent("cut", quantity=Decimal(60)), at(1))
    desk.submit(an_intent("refused", symbol="B", quantity=Decimal(500)), at(2))
    desk.set_prices(prices(A=110), at(3))
    desk.submit(an_intent("next day", symbol="B", quantity=Decimal(1)), at(DAY_S))
    desk.journal.close()

    tighter = parse_policy(
        (POLICY_TEXT % {"rate": 1000, "violations": 1000}).replace("0.10", "0.04")
    )
    machine = TimeMachine(tighter)
    answer = report(machine.run(read_journal(path).records()), tighter, machine.policy_before)
    days: Any = answer["days"]
    day, next_day = days
    assert day["day"] == "2026-03-02"
    assert day["before"] == {"ALLOW": 2, "MODIFY": 1, "DENY": 0}
    assert [change["intent_id"] for change in day["changes"]] == ["cut"]
    # 60 would not have been sent at 100; they stood at 110 when the day ended.
    assert day["notional_change"] == Decimal(-6000)
    assert day["profit_change"] == Decimal(-600)
    assert day["changed"] == 1
    assert day["rules"] == {"EXP-001": 1}
    assert next_day["changes"] == []
    assert answer["policy_before"] == a_policy().policy_hash


def test_the_time_machine_follows_the_new_policy_s_own_kill_switch(tmp_path: Path) -> None:
    path = tmp_path / "j"
    desk = a_desk(path, policy=a_policy(violations=1))
    desk.submit(an_intent("no price", symbol="X"), at(0))
    desk.submit(an_intent("stopped", quantity=Decimal(5)), at(1))
    desk.journal.close()
    looser = a_policy()
    answer = report(TimeMachine(looser).run(read_journal(path).records()), looser, "")
    total = answer["total"]
    assert isinstance(total, dict)
    assert (total["newly_allowed"], total["notional_change"]) == (1, Decimal(500))
    assert total["rules"] == {"KILL-001": 1}


def test_an_order_that_the_market_never_reached_has_no_profit(tmp_path: Path) -> None:
    path = tmp_path / "j"
    desk = a_desk(path)
    desk.submit(an_intent(order_type=OrderType.LIMIT, limit_price=Decimal(90)), at(0))
    desk.set_prices(prices(A=120), at(1))
    desk.journal.close()
    nothing = a_policy(rate=1, violations=1)
    closed = nothing.model_copy(
        update={
            "limits": nothing.limits.model_copy(
                update={
                    "order": nothing.limits.order.model_copy(update={"deny_list": frozenset({"A"})})
                }
            )
        }
    )
    answer = report(TimeMachine(closed).run(read_journal(path).records()), closed, "")
    assert isinstance(answer["total"], dict)
    assert answer["total"]["newly_denied"] == 1
    assert answer["total"]["profit_change"] == 0


def test_a_timeline_tells_decision_order_and_fills_of_one_intent(tmp_path: Path) -> None:
    path, broker = tmp_path / "j", SlowBroker()
    desk = a_desk(path, broker=broker)
    desk.submit(an_intent(), at(0))
    desk.submit(an_intent("x" * 900, symbol="X"), at(1))
    desk.journal.close()
    (one,) = timelines(read_journal(path).records(), intent_id="i-1")
    events = one["events"]
    assert isinstance(events, list)
    assert [event["event"] for event in events] == ["DECISION_ALLOW", "ORDER_SUBMITTED"]
    (long,) = timelines(read_journal(path).records(), intent_id="x" * 900)
    assert long["events"][0]["rules"] == ["SYS-001"]  # type: ignore[index]
    counted = statistics(read_journal(path).records())
    assert counted["decisions"] == {"ALLOW": 1, "MODIFY": 0, "DENY": 1}
