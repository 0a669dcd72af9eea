"""The gate with a state: what is reserved, counted, sent once, and survives."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.errors import InvalidRequest
from app.riskdesk.broker import BrokerRefused, Cancelled
from app.riskdesk.desk import Desk, IntentReused, resume
from app.riskdesk.journal import Fsync, JournalFailed, open_journal, read_journal
from app.riskdesk.replaying import verify_decisions
from app.riskdesk.state import TermsRefused
from app.riskdesk.switching import turn_off
from riskgate.contracts.decisions import KillSwitchLevel, Verdict
from riskgate.contracts.orders import OrderType
from riskgate.documents import Execution, Terms
from riskgate.policy import Policy, parse_policy
from riskgate.record_bodies import Fill
from riskgate.records import Head, Kind
from tests.unit.riskdesk.desks import (
    FailingBroker,
    SlowBroker,
    a_desk,
    a_policy,
    a_portfolio,
    a_setup,
    a_start,
    an_intent,
    at,
    kinds_of,
    prices,
    records_of,
)

ALLOW, MODIFY, DENY = Verdict.ALLOW, Verdict.MODIFY, Verdict.DENY


def test_two_orders_that_fit_only_alone_never_both_pass() -> None:
    desk = a_desk(broker=SlowBroker())
    verdicts = [
        desk.submit(an_intent(f"i-{n}", quantity=Decimal(60)), at(0))[0].judgement.verdict
        for n in range(2)
    ]
    assert verdicts == [ALLOW, MODIFY]


def test_orders_in_flight_count_until_they_are_cancelled() -> None:
    broker = SlowBroker()
    desk = a_desk(broker=broker)
    verdicts = [
        desk.submit(an_intent(f"i-{n}", quantity=Decimal(100)), at(0))[0].judgement.verdict
        for n in range(5)
    ]
    assert verdicts == [ALLOW, DENY, DENY, DENY, DENY]
    broker.tell(Cancelled(broker.sent[0], "by the exchange"))
    desk.take_events(at(1))
    last, _again = desk.submit(an_intent("i-5", quantity=Decimal(100)), at(2))
    assert last.judgement.verdict is ALLOW


def test_fills_of_one_second_and_out_of_order_times_are_applied_once() -> None:
    desk = a_desk()
    for n, second in enumerate((5, 5, 5, 2)):
        desk.submit(an_intent(f"i-{n}", quantity=Decimal(1)), at(second))
    assert desk.state.positions() == {"A": Decimal(4)}
    assert len(desk.state.fills) == 4


def test_a_fill_that_is_told_twice_counts_once(tmp_path: Path) -> None:
    broker = SlowBroker()
    desk = a_desk(tmp_path / "j", broker=broker)
    desk.submit(an_intent(), at(0))
    fill = Fill("f-1", broker.sent[0], Decimal(4), Decimal(100))
    broker.tell(fill, fill)
    desk.take_events(at(1))
    assert desk.state.positions() == {"A": Decimal(4)}
    assert kinds_of(tmp_path / "j").count(Kind.FILL) == 1
    assert desk.state.level is KillSwitchLevel.RUNNING


def replays_and_resumes(path: Path, desk: Desk) -> None:
    """Assert that a journal is sound, and that a desk that goes on from it knows the same."""
    desk.journal.close()
    assert verify_decisions(read_journal(path)).difference is None
    journal, records = open_journal(path, Fsync.NEVER, at=at(99))
    assert resume(a_setup(journal), records, at(99)).state.fingerprint() == desk.state.fingerprint()
    journal.close()


def test_a_fill_of_more_than_was_open_is_held_in_full_and_stops_new_risk(tmp_path: Path) -> None:
    broker, path = SlowBroker(), tmp_path / "j"
    desk = a_desk(path, broker=broker)
    desk.submit(an_intent(), at(0))
    fill = Fill("f-1", broker.sent[0], Decimal(4), Decimal(100))
    broker.tell(fill, fill._replace(fill_id="f-2", quantity=Decimal(9), price=Decimal(99)))
    desk.take_events(at(1))
    assert desk.state.positions() == {"A": Decimal(13)}
    assert desk.state.account.equity == Decimal(100_009)
    assert not desk.state.orders
    assert desk.state.level is KillSwitchLevel.REDUCE_ONLY
    kill = records_of(path)[-1]
    assert "f-2" in kill.body["reason"]
    assert "more than was open" in kill.body["reason"]
    replays_and_resumes(path, desk)


def test_a_fill_after_its_order_was_cancelled_is_held_in_full_and_paid_for(tmp_path: Path) -> None:
    broker, path = SlowBroker(), tmp_path / "j"
    desk = a_desk(path, broker=broker, start=a_start(a_portfolio(available=Decimal(2000))))
    desk.submit(an_intent(), at(0))
    broker.tell(Cancelled(broker.sent[0], "late"))
    desk.take_events(at(1))
    assert desk.state.account.available == Decimal(2000)
    broker.tell(Fill("f-1", broker.sent[0], Decimal(10), Decimal(100)))
    desk.take_events(at(2))
    assert desk.state.positions() == {"A": Decimal(10)}
    assert desk.state.account.available == Decimal(1000)
    assert desk.state.level is KillSwitchLevel.REDUCE_ONLY
    replays_and_resumes(path, desk)


@pytest.mark.parametrize(
    "changes",
    [{"order_id": "nobody's"}, {"quantity": Decimal(-1)}, {"quantity": Decimal("NaN")}],
)
def test_a_fill_that_makes_no_sense_is_recorded_and_stops_new_risk(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    broker, path = SlowBroker(), tmp_path / "j"
    desk = a_desk(path, broker=broker)
    desk.submit(an_intent(), at(0))
    broker.tell(Fill("f-1", broker.sent[0], Decimal(4), Decimal(100))._replace(**changes))
    desk.take_events(at(1))
    assert desk.state.positions() == {}
    assert kinds_of(path)[-2:] == [Kind.FILL, Kind.KILL]
    assert desk.state.level is KillSwitchLevel.REDUCE_ONLY
    replays_and_resumes(path, desk)


def without_its_last_line(path: Path) -> None:
    *kept, last = records_of(path)
    assert last.kind is Kind.KILL
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[: len(kept)]))


def test_a_trip_that_a_crash_lost_holds_after_a_restart_and_is_recorded(tmp_path: Path) -> None:
    policy, path = a_policy(violations=1), tmp_path / "j"
    desk = a_desk(path, policy=policy)
    desk.submit(an_intent(symbol="X"), at(0))
    desk.journal.close()
    without_its_last_line(path)
    journal, records = open_journal(path, Fsync.NEVER, at=at(9))
    again = resume(a_setup(journal, policy), records, at(9))
    assert again.state.level is KillSwitchLevel.REDUCE_ONLY
    assert again.submit(an_intent("i-2"), at(10))[0].judgement.rule_ids == ("KILL-001",)
    journal.close()
    assert verify_decisions(read_journal(path)).difference is None


def test_a_decision_and_the_trip_it_brings_about_are_one_write(tmp_path: Path) -> None:
    desk = a_desk(tmp_path / "j", policy=a_policy(violations=1))
    writes: list[list[str]] = []
    write = desk.journal.write

    def noted(lines: bytes, head: Head, *, before_send: bool = False) -> None:
        writes.append([json.loads(line)["kind"] for line in lines.splitlines()])
        assert before_send
        write(lines, head, before_send=before_send)

    desk.journal.write = noted  # type: ignore[method-assign]
    desk.submit(an_intent(symbol="X"), at(0))
    desk.set_level(KillSwitchLevel.HALTED, by="me", reason="stop", at=at(1))
    assert writes == [["decision", "kill"], ["kill"]]


def test_a_person_cannot_turn_the_switch_as_the_gate(tmp_path: Path) -> None:
    desk = a_desk(tmp_path / "j")
    with pytest.raises(InvalidRequest):
        desk.set_level(KillSwitchLevel.HALTED, by="gate", reason="x", at=at(0))
    desk.journal.close()
    with pytest.raises(InvalidRequest):
        turn_off(desk.journal, records_of(tmp_path / "j"), by="gate", reason="x", at=at(1))


MARGIN_POLICY = """\
version: "1"
limits:
  market: {check_hours: false}
  data: {quote_age_max_s: null}
  margin: {margin_fraction: 0.1}
  execution: {duplicate_window_s: 0}
  loss: {weekly_loss_limit_pct: null, monthly_loss_budget_pct: null}
overrides:
  symbols:
    A: {margin: {margin_fraction: 1}}
"""


def test_the_money_kept_for_an_order_is_that_of_its_own_override() -> None:
    broker = SlowBroker()
    start = a_start(a_portfolio(available=Decimal(3000)))
    desk = a_desk(policy=parse_policy(MARGIN_POLICY), broker=broker, start=start)
    assert desk.submit(an_intent(), at(0))[0].judgement.verdict is ALLOW
    assert desk.state.account.available == Decimal(2000)
    broker.tell(Cancelled(broker.sent[0], "late"))
    desk.take_events(at(1))
    assert desk.state.account.available == Decimal(3000)
    desk.submit(an_intent("i-2", symbol="B"), at(2))
    assert desk.state.account.available == Decimal(2900)


def windowed(policy_window_s: int, window_s: int) -> Policy:
    text = MARGIN_POLICY.replace("duplicate_window_s: 0", f"duplicate_window_s: {policy_window_s}")
    return parse_policy(
        text.replace(
            "margin_fraction: 1}",
            f"margin_fraction: 1}}, execution: {{duplicate_window_s: {window_s}}}",
        )
    )


def test_an_override_s_duplicate_window_holds_though_the_policy_has_none() -> None:
    desk = a_desk(
        policy=windowed(0, 600),
        start=a_start(a_portfolio(available=Decimal(100_000))),
        broker=SlowBroker(),
    )
    desk.submit(an_intent(), at(0))
    again, _repeated = desk.submit(an_intent("i-2"), at(1))
    assert (again.judgement.verdict, desk.state.sent) == (DENY, 1)


def test_a_wider_duplicate_window_after_a_restart_knows_what_was_sent_before(
    tmp_path: Path,
) -> None:
    path = tmp_path / "j"
    desk = a_desk(
        path,
        policy=windowed(0, 0),
        start=a_start(a_portfolio(available=Decimal(100_000))),
        broker=SlowBroker(),
    )
    desk.submit(an_intent(), at(0))
    desk.journal.close()
    journal, records = open_journal(path, Fsync.NEVER, at=at(1))
    again = resume(a_setup(journal, windowed(600, 600)), records, at(1))
    reply, _repeated = again.submit(an_intent("i-2"), at(300))
    assert reply.judgement.verdict is DENY
    assert again.state.activity.orders_today == 1
    journal.close()
    assert verify_decisions(read_journal(path)).difference is None


def test_another_policy_the_next_day_lets_the_day_begin(tmp_path: Path) -> None:
    path, day_s = tmp_path / "j", 24 * 3600
    desk = a_desk(path, start=a_start(a_portfolio(positions={"B": Decimal(10)})))
    desk.set_prices(prices(B=110), at(1))
    desk.journal.close()
    journal, records = open_journal(path, Fsync.NEVER, at=at(day_s))
    again = resume(a_setup(journal, a_policy(rate=5)), records, at(day_s))
    assert again.state.account.day_start == Decimal(100_100)
    journal.close()
    assert verify_decisions(read_journal(path)).difference is None


def test_orders_an_hour_apart_never_fill_the_minute() -> None:
    desk = a_desk(policy=a_policy(rate=2))
    for hour in range(15):
        intent = an_intent(f"i-{hour}", quantity=Decimal(1))
        reply, _again = desk.submit(intent, at(3600 * hour))
        assert reply.judgement.verdict is ALLOW


def test_the_third_order_of_a_minute_waits_for_the_first_to_grow_old() -> None:
    desk = a_desk(policy=a_policy(rate=2))
    verdicts = [
        desk.submit(an_intent(f"i-{s}", quantity=Decimal(1)), at(s))[0].judgement.verdict
        for s in (0, 1, 59.999999, 60)
    ]
    assert verdicts == [ALLOW, ALLOW, DENY, ALLOW]


def test_what_was_sent_before_the_run_counts_for_a_minute() -> None:
    execution = Execution(orders_global=2, messages_60s=2)
    desk = a_desk(policy=a_policy(rate=2), start=a_start(execution=execution))
    verdicts = [
        desk.submit(an_intent(f"i-{s}", quantity=Decimal(1)), at(s))[0].judgement.verdict
        for s in (0, 59, 60)
    ]
    assert verdicts == [DENY, DENY, ALLOW]


def test_the_same_intent_again_is_answered_as_before_and_sent_once() -> None:
    desk = a_desk()
    first, was_there = desk.submit(an_intent(), at(0))
    again, is_there = desk.submit(an_intent(), at(100))
    assert (was_there, is_there) == (False, True)
    assert again == first
    assert desk.state.sent == 1


def test_an_intent_id_of_another_order_is_refused() -> None:
    desk = a_desk()
    desk.submit(an_intent(), at(0))
    with pytest.raises(IntentReused):
        desk.submit(an_intent(quantity=Decimal(11)), at(0))


def test_a_modify_goes_back_to_the_person_unless_told_otherwise() -> None:
    intent = an_intent(quantity=Decimal(150))
    assert a_desk().submit(intent, at(0))[0].order_id is None
    desk = a_desk(start=a_start(apply_modify=True))
    reply, _again = desk.submit(intent, at(0))
    assert (reply.judgement.verdict, reply.quantity) == (MODIFY, Decimal(100))
    assert desk.state.positions() == {"A": Decimal(100)}


def test_the_run_s_own_losses_reach_the_loss_rules_and_trip_the_kill_switch() -> None:
    desk = a_desk(start=a_start(a_portfolio(positions={"B": Decimal(500)})))
    desk.set_prices(prices(B=89), at(1))
    assert desk.state.account.equity == Decimal(94_500)
    buy, _again = desk.submit(an_intent(), at(2))
    assert buy.judgement.rule_ids[:2] == ("LOSS-001", "LOSS-002")
    assert desk.state.level is KillSwitchLevel.REDUCE_ONLY
    sale, _again = desk.submit(an_intent("i-2", symbol="B", sign=-1), at(3))
    assert sale.judgement.verdict is ALLOW


def test_gains_raise_the_peak_and_a_new_day_begins_with_the_equity_it_has() -> None:
    desk = a_desk(start=a_start(a_portfolio(positions={"B": Decimal(100)})))
    desk.set_prices(prices(B=110), at(1))
    desk.set_prices(prices(B=105), at(24 * 3600))
    account = desk.state.account
    assert (account.equity, account.peak) == (Decimal(100_500), Decimal(101_000))
    assert account.day_start == Decimal(101_000)


def test_one_refused_order_is_one_violation_however_many_rules_it_broke() -> None:
    desk = a_desk(policy=a_policy(violations=3))
    for n in range(2):
        reply, _again = desk.submit(an_intent(f"i-{n}", symbol="X"), at(n))
        assert reply.judgement.verdict is DENY
    desk.submit(an_intent("i-modify", quantity=Decimal(150)), at(3))
    levels = [desk.state.level]
    desk.submit(an_intent("i-3", symbol="X"), at(4))
    levels.append(desk.state.level)
    assert levels == [KillSwitchLevel.RUNNING, KillSwitchLevel.REDUCE_ONLY]


def test_refusals_older_than_the_window_do_not_trip() -> None:
    desk = a_desk(policy=a_policy(violations=2))
    desk.submit(an_intent("i-0", symbol="X"), at(0))
    desk.submit(an_intent("i-1", symbol="X"), at(300))
    assert desk.state.level is KillSwitchLevel.RUNNING


@pytest.mark.parametrize("error", [ConnectionError("cut"), RuntimeError("what?"), TimeoutError()])
def test_after_a_broker_s_error_the_order_stays_in_flight_and_the_run_goes_on(
    error: Exception, tmp_path: Path
) -> None:
    desk = a_desk(tmp_path / "j", broker=FailingBroker([error]))
    reply, _again = desk.submit(an_intent(quantity=Decimal(100)), at(0))
    assert reply.outcome == "unknown"
    assert desk.unknown_orders == [reply.order_id]
    second, _again = desk.submit(an_intent("i-2", quantity=Decimal(1)), at(1))
    assert second.judgement.verdict is DENY
    assert kinds_of(tmp_path / "j").count(Kind.UNKNOWN) == 1


def test_what_a_broker_refuses_is_free_again() -> None:
    desk = a_desk(broker=FailingBroker([BrokerRefused("no margin")]))
    first, _again = desk.submit(an_intent(quantity=Decimal(100)), at(0))
    second, _again = desk.submit(an_intent("i-2", quantity=Decimal(100)), at(1))
    assert (first.outcome, second.judgement.verdict) == ("rejected", ALLOW)


def test_a_limit_order_that_is_not_reached_is_cancelled_and_holds_nothing() -> None:
    desk = a_desk()
    limit = an_intent(order_type=OrderType.LIMIT, limit_price=Decimal(99))
    reply, _again = desk.submit(limit, at(0))
    assert reply.outcome == "cancelled"
    assert not desk.state.orders
    assert desk.state.account.equity == Decimal(100_000)


def test_free_money_is_kept_back_while_an_order_is_in_flight() -> None:
    broker = SlowBroker()
    start = a_start(a_portfolio(available=Decimal(2000)))
    desk = a_desk(broker=broker, start=start)
    desk.submit(an_intent(), at(0))
    assert desk.state.account.available == Decimal(1000)
    broker.tell(Cancelled(broker.sent[0], "late"))
    desk.take_events(at(1))
    assert desk.state.account.available == Decimal(2000)


@pytest.mark.parametrize(
    "terms",
    [
        {"multiplier": Decimal("0.0001")},
        {"currency": "USD"},
        {"lot_size": Decimal(7)},
        {"tick_size": Decimal(3)},
        {"sector": "none"},
        {"underlying": "other"},
    ],
)
def test_an_order_cannot_say_what_its_instrument_is_worth(terms: dict[str, Any]) -> None:
    known = {"A": Terms(multiplier=Decimal(50))}
    for portfolio in (a_portfolio(), a_portfolio(instruments=known)):
        desk = a_desk(start=a_start(portfolio))
        with pytest.raises(TermsRefused, match=next(iter(terms))):
            desk.submit(an_intent(terms=Terms(**terms)), at(0))
        assert desk.journal.head.seq == 2


def test_terms_of_the_portfolio_hold_for_what_is_not_held_and_may_be_repeated() -> None:
    known = {"A": Terms(multiplier=Decimal(50))}
    desk = a_desk(start=a_start(a_portfolio(instruments=known)))
    reply, _again = desk.submit(an_intent(terms=Terms(multiplier=Decimal("50.0"))), at(0))
    assert (reply.judgement.verdict, reply.judgement.allowed) == (MODIFY, Decimal(2))


def test_nothing_is_sent_when_the_journal_cannot_be_written(tmp_path: Path) -> None:
    broker = SlowBroker()
    desk = a_desk(tmp_path / "j", broker=broker)
    full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115  # closed with the journal
    desk.journal._fd, kept = full.fileno(), desk.journal._fd
    with pytest.raises(JournalFailed):
        desk.submit(an_intent(), at(0))
    desk.journal._fd = kept
    with pytest.raises(JournalFailed):
        desk.submit(an_intent("i-2"), at(0))
    full.close()
    desk.journal.close()
    assert broker.sent == []
    assert desk.state.sent == 0


def test_a_restart_goes_on_where_the_journal_ends(tmp_path: Path) -> None:
    policy, path = a_policy(violations=2), tmp_path / "j"
    desk = a_desk(path, policy=policy, start=a_start(a_portfolio(positions={"B": Decimal(7)})))
    desk.submit(an_intent(), at(0))
    desk.set_prices(prices(A=103, C=5), at(1))
    first, _again = desk.submit(an_intent("i-2", symbol="X"), at(2))
    desk.submit(an_intent("i-3", symbol="X"), at(3))
    before, head = desk.state.fingerprint(), desk.journal.head
    desk.journal.close()

    journal, records = open_journal(path, Fsync.NEVER, at=at(9))
    again = resume(a_setup(journal, policy), records, at(9))
    assert again.state.fingerprint() == before
    assert again.journal.head == head
    assert again.state.level is KillSwitchLevel.REDUCE_ONLY
    reply, repeated = again.submit(an_intent("i-2", symbol="X"), at(10))
    assert repeated
    assert reply.head == first.head
    assert reply.judgement.rule_ids == first.judgement.rule_ids
    journal.close()


def test_the_kill_switch_stays_on_until_a_person_turns_it_off(tmp_path: Path) -> None:
    policy, path = a_policy(violations=1), tmp_path / "j"
    desk = a_desk(path, policy=policy)
    desk.submit(an_intent(symbol="X"), at(0))
    desk.journal.close()

    journal, records = open_journal(path, Fsync.NEVER, at=at(1))
    before = turn_off(journal, records, by="me", reason="looked at it", at=at(1))
    journal.close()
    assert before is KillSwitchLevel.REDUCE_ONLY

    journal, records = open_journal(path, Fsync.NEVER, at=at(2))
    again = resume(a_setup(journal, policy), records, at(2))
    reply, _again = again.submit(an_intent("i-2"), at(3))
    assert reply.judgement.verdict is ALLOW
    journal.close()
    assert verify_decisions(read_journal(path)).difference is None


def test_another_policy_after_a_restart_is_recorded_and_holds(tmp_path: Path) -> None:
    path = tmp_path / "j"
    desk = a_desk(path)
    desk.submit(an_intent(), at(0))
    desk.journal.close()

    tighter = a_policy(rate=1)
    journal, records = open_journal(path, Fsync.NEVER, at=at(1))
    again = resume(a_setup(journal, tighter), records, at(1))
    reply, _again = again.submit(an_intent("i-2"), at(2))
    journal.close()
    assert reply.judgement.rule_ids == ("EXEC-001", "EXEC-002")
    last = records_of(path)[-1]
    assert last.body["policy"] == tighter.policy_hash
    assert verify_decisions(read_journal(path)).difference is None


def test_prices_that_did_not_change_are_not_recorded(tmp_path: Path) -> None:
    desk = a_desk(tmp_path / "j", start=a_start(market=prices(A=100, B="NaN")))
    desk.set_prices(prices(A=100, B="NaN"), at(1))
    desk.set_prices(prices(A=101, B="NaN"), at(2))
    changes = [r.body["prices"] for r in records_of(tmp_path / "j") if r.kind is Kind.PRICE]
    assert changes == [{"A": "101"}]
