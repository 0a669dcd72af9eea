"""What policygate-capital 0.2.0 gets wrong in runs, servers and logs, and we must not.

Numbers are of the study; each test fails on the peer's behaviour. Verdicts, numbers 1 to 24, are in
test_peer_weaknesses.py.
"""

import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from adapters.errors import BrokerUnavailable
from adapters.retry import retry_read
from app.riskdesk.broker import Broker, BrokerRefused, Cancelled, SimulatedBroker
from app.riskdesk.desk import Desk, DeskSetup, IntentReused, begin, resume
from app.riskdesk.folding import Reply
from app.riskdesk.journal import Fsync, JournalFailed, open_journal, read_journal
from app.riskdesk.replaying import verify_decisions
from app.riskdesk.server import RiskServer
from riskgate.contracts.decisions import KillSwitchLevel, Verdict
from riskgate.documents import Documents, Intent, read_documents
from riskgate.facts import Candidate, Price
from riskgate.policy import parse_policy
from riskgate.reading import DocumentInvalid, decode_json
from riskgate.record_bodies import Fill, Start
from riskgate.records import GENESIS, MAX_DECISION_BYTES, Kind, Reader, seal_value, verify
from tests.conformance.peer_cases import (
    EXECUTION,
    INTENT,
    MARKET,
    NAN,
    POLICY,
    PORTFOLIO,
    Json,
    at_prices,
    changed,
    holding,
    text_of,
)
from tests.fakes.clock import FakeClock

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ALLOW, MODIFY, DENY = Verdict.ALLOW, Verdict.MODIFY, Verdict.DENY
RUNNING, REDUCE_ONLY = KillSwitchLevel.RUNNING, KillSwitchLevel.REDUCE_ONLY
UNTRIPPED = changed(POLICY, limits__kill_switch__trip_after_n_violations=1_000)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


class Silent:
    """A broker that takes orders and says nothing of them unless it is told to."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Candidate]] = []
        self.news: list[Fill | Cancelled] = []

    def submit(self, order_id: str, candidate: Candidate, price: Price) -> None:
        self.taken.append((order_id, candidate))

    def events(self) -> list[Fill | Cancelled]:
        """Tell all that ever happened, every time."""
        return list(self.news)

    @property
    def quantities(self) -> list[Decimal]:
        return [candidate.quantity for _order_id, candidate in self.taken]


class Repeating(Silent):
    """A broker that fills at once, and tells of every fill again and again."""

    def submit(self, order_id: str, candidate: Candidate, price: Price) -> None:
        super().submit(order_id, candidate, price)
        self.news.append(Fill(f"{order_id}-1", order_id, candidate.quantity, price.last))


class Failing(Silent):
    """A broker whose connection breaks after it took the order."""

    def submit(self, order_id: str, candidate: Candidate, price: Price) -> None:
        super().submit(order_id, candidate, price)
        raise ConnectionResetError("connection reset")


def documents(
    side: str = "buy",
    qty: Any = 10,
    symbol: str = "A",
    *,
    portfolio: Json = PORTFOLIO,
    market: Json = MARKET,
    execution: Json = EXECUTION,
    **intent: Any,
) -> Documents:
    order = changed(INTENT, side=side, qty=qty, instrument__symbol=symbol, **intent)
    return read_documents(
        intent=decode_json(text_of(order), "intent"),
        portfolio=decode_json(text_of(portfolio), "portfolio"),
        market=decode_json(text_of(market), "market"),
        execution=decode_json(text_of(execution), "execution"),
    )


def an_order(
    number: int, side: str = "buy", qty: Any = 10, symbol: str = "A", **more: Any
) -> Intent:
    return documents(side, qty, symbol, intent_id=f"i-{number}", **more).intent


def a_setup(broker: Broker, policy: Json = POLICY, path: Path | None = None) -> DeskSetup:
    journal, _records = open_journal(path, Fsync.ALWAYS, at=NOW)
    policy_read = parse_policy(text_of(policy))
    return DeskSetup(policy=policy_read, journal=journal, broker=broker, by="usr-1")


def a_desk(
    broker: Broker | None = None,
    *,
    policy: Json = POLICY,
    path: Path | None = None,
    apply_modify: bool = False,
    **given: Any,
) -> Desk:
    found = documents(**given)
    start = Start("run-1", found.portfolio, found.market, found.execution, apply_modify)
    return begin(a_setup(broker or SimulatedBroker(), policy, path), start, NOW)


def asked(desk: Desk, intent: Intent, at: datetime = NOW) -> Reply:
    return desk.submit(intent, at)[0]


def verdicts(desk: Desk, *orders: Intent, every_s: float = 0) -> list[Verdict]:
    """Return what is said of orders that are asked for one after another."""
    return [
        asked(desk, order, NOW + seconds(every_s * place)).judgement.verdict
        for place, order in enumerate(orders)
    ]


# Stopping


def test_weakness_23_orders_that_were_cut_stop_nobody() -> None:
    desk = a_desk(Silent())
    orders = [an_order(number, qty=150) for number in range(10)]
    assert verdicts(desk, *orders) == [MODIFY] * 10
    assert desk.state.level is RUNNING


def test_weakness_23_one_refused_order_is_one_violation_however_many_rules_it_broke() -> None:
    desk = a_desk(
        portfolio=changed(PORTFOLIO, positions={"B": 2500}), market=at_prices(A=100, B=100)
    )
    reply = asked(desk, an_order(1, qty=5_000))
    assert len(set(reply.judgement.rule_ids)) >= 3
    assert (reply.judgement.verdict, desk.state.level) == (DENY, RUNNING)


def test_weakness_23_a_person_turns_the_switch_off_and_what_was_before_does_not_count() -> None:
    desk = a_desk(portfolio=changed(PORTFOLIO, start_of_day_equity=110_000))
    assert verdicts(desk, *(an_order(number) for number in range(3))) == [DENY] * 3
    assert desk.state.level is REDUCE_ONLY
    desk.set_level(RUNNING, by="usr-1", reason="looked into", at=NOW + seconds(1))
    assert verdicts(desk, an_order(4)) == [DENY]
    assert desk.state.level is RUNNING


# E. Runs and servers


def test_weakness_25_a_fill_that_is_told_again_is_counted_once() -> None:
    desk = a_desk(Repeating())
    assert verdicts(desk, *(an_order(number, qty=1) for number in range(4))) == [ALLOW] * 4
    assert desk.state.positions() == {"A": 4}
    desk.take_events(NOW)
    assert desk.state.positions() == {"A": 4}


def test_weakness_26_an_order_counts_for_sixty_seconds_and_no_longer() -> None:
    desk = a_desk(policy=UNTRIPPED)
    hourly = [an_order(number, qty=1) for number in range(15)]
    assert verdicts(desk, *hourly, every_s=3600) == [ALLOW] * 15
    later = NOW + seconds(3600 * 20)
    burst = [asked(desk, an_order(20 + n, qty=1), later).judgement.verdict for n in range(11)]
    assert burst == [ALLOW] * 10 + [DENY]
    assert asked(desk, an_order(40, qty=1), later + seconds(59.9)).judgement.verdict is DENY
    assert asked(desk, an_order(41, qty=1), later + seconds(60)).judgement.verdict is ALLOW


def test_weakness_27_a_rule_that_trips_turns_the_switch_for_the_next_order() -> None:
    desk = a_desk(portfolio=changed(holding(A=50), peak_equity=110_000))
    assert verdicts(desk, an_order(1)) == [DENY]
    assert desk.state.level is REDUCE_ONLY
    assert "KILL-001" in asked(desk, an_order(2)).judgement.rule_ids
    assert verdicts(desk, an_order(3, "sell", 50)) == [ALLOW]


def test_weakness_27_refused_orders_are_forgotten_after_their_window() -> None:
    desk = a_desk(portfolio=changed(PORTFOLIO, start_of_day_equity=110_000))
    orders = [an_order(number) for number in range(20)]
    assert verdicts(desk, *orders, every_s=151) == [DENY] * 20
    assert desk.state.level is RUNNING


async def posted(
    app: RiskServer, content: str, *, path: str = "/intent", **headers: str
) -> tuple[int, Json]:
    """Post a body to a server and return its answer."""
    transport = ASGITransport(app=app)
    sent = {"content-type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    async with AsyncClient(transport=transport, base_url="http://desk") as client:
        answer = await client.post(path, content=content, headers=sent)
    return answer.status_code, answer.json()


def a_server(desk: Desk, token: str | None = None) -> RiskServer:
    return RiskServer(desk, FakeClock(NOW), prices=lambda: None, token=token)


def body_of(number: int, **more: Any) -> str:
    intent = changed(INTENT, intent_id=f"i-{number}", **more)
    return text_of({"intent": intent})


async def test_weakness_27_the_server_trips_the_switch_as_a_run_does() -> None:
    desk = a_desk(portfolio=changed(PORTFOLIO, peak_equity=110_000))
    server = a_server(desk)
    _status, first = await posted(server, body_of(1))
    _status, second = await posted(server, body_of(2))
    assert first["kill_switch_triggered"]
    assert "KILL-001" in second["violated_rule_ids"]
    assert server.health()["kill_switch_active"]


@pytest.mark.parametrize("key", ["market_snapshot", "market", "prices"])
async def test_weakness_28_prices_of_the_caller_are_refused(key: str) -> None:
    broker = Silent()
    cheap = at_prices(A=Decimal("0.0001"))
    intent = changed(INTENT, qty=100_000)
    status, answer = await posted(a_server(a_desk(broker)), text_of({"intent": intent, key: cheap}))
    assert (status, answer["error"]) == (400, "caller_prices_refused")
    status, answer = await posted(a_server(a_desk(broker)), text_of({"intent": intent}))
    assert answer["violated_rule_ids"] == ["EXP-001", "EXP-002", "EXP-003"]
    assert broker.taken == []


def test_weakness_29_orders_in_flight_take_their_room_before_they_fill() -> None:
    broker = Silent()
    desk = a_desk(broker, policy=UNTRIPPED)
    orders = [an_order(number, qty=100) for number in range(5)]
    assert verdicts(desk, *orders) == [ALLOW] + [DENY] * 4
    assert broker.quantities == [100]


def test_weakness_30_an_intent_is_executed_once_and_answered_alike() -> None:
    broker = Silent()
    desk = a_desk(broker)
    first, was_known = desk.submit(an_order(1), NOW)
    again, is_known = desk.submit(an_order(1), NOW + seconds(5))
    assert (was_known, is_known) == (False, True)
    assert again == first
    assert broker.quantities == [10]
    with pytest.raises(IntentReused):
        desk.submit(an_order(1, qty=11), NOW)


def test_weakness_31_the_losses_of_a_run_stop_it() -> None:
    desk = a_desk(policy=changed(POLICY, limits__exposure__max_position_pct=1))
    assert verdicts(desk, an_order(1, qty=900)) == [ALLOW]
    desk.set_prices(documents(market=at_prices(A=97)).market, NOW + seconds(1))
    assert desk.state.account.equity == 97_300
    assert "LOSS-001" in asked(desk, an_order(2), NOW + seconds(2)).judgement.rule_ids


def test_weakness_31_a_restart_forgets_neither_the_switch_nor_what_was_sent(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    desk = a_desk(path=path, portfolio=changed(holding(A=50), peak_equity=110_000))
    verdicts(desk, an_order(1, "sell", 1), an_order(2))
    assert desk.state.level is REDUCE_ONLY
    desk.journal.close()

    journal, records = open_journal(path, Fsync.ALWAYS, at=NOW)
    policy = parse_policy(text_of(POLICY))
    setup = DeskSetup(policy=policy, journal=journal, broker=Silent(), by="usr-1")
    again = resume(setup, records, NOW + seconds(5))
    assert again.state.level is REDUCE_ONLY
    assert again.state.orders_last_minute(NOW + seconds(5)) == 1
    assert again.state.positions() == {"A": 49}
    assert again.state.fingerprint() == desk.state.fingerprint()
    journal.close()


def test_weakness_32_the_time_an_order_claims_moves_no_window() -> None:
    desk = a_desk(portfolio=changed(PORTFOLIO, start_of_day_equity=110_000))
    stamps = ["2099-01-01T00:00:00Z", "2026-03-02T06:00:00", "yesterday"]
    orders = [an_order(number, timestamp=stamp) for number, stamp in enumerate(stamps)]
    assert verdicts(desk, *orders) == [DENY] * 3
    assert desk.state.level is REDUCE_ONLY


def test_weakness_33_an_order_whose_fate_is_unknown_is_answered_and_stays_counted() -> None:
    broker = Failing()
    desk = a_desk(broker, policy=UNTRIPPED)
    reply = asked(desk, an_order(1, qty=100))
    assert (reply.judgement.verdict, reply.outcome) == (ALLOW, "unknown")
    assert desk.unknown_orders == [reply.order_id]
    assert desk.state.orders_last_minute(NOW) == 1
    assert verdicts(desk, an_order(2, qty=100)) == [DENY]
    assert broker.quantities == [100]


async def test_weakness_33_a_broker_that_fails_is_answered_over_http() -> None:
    server = a_server(a_desk(Failing()))
    status, answer = await posted(server, body_of(1))
    assert (status, answer["outcome"]) == (200, "unknown")
    assert server.health()["orders_last_60s_global"] == 1
    assert server.health()["orders_unknown"] == [answer["order_id"]]


@pytest.mark.parametrize("length", ["-1", "-65536", "1e3", "9" * 400])
async def test_weakness_33_a_length_that_is_no_length_is_refused_at_once(length: str) -> None:
    status, answer = await posted(a_server(a_desk()), body_of(1), content_length=length)
    assert (status, answer["error"]) == (400, "invalid_content_length")


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer secre", "Bearer secrets", "Basic secret"])
async def test_weakness_33_only_the_whole_token_is_let_in(given: str) -> None:
    server = a_server(a_desk(), token="secret")
    status, _answer = await posted(server, body_of(1), authorization=given)
    assert status == 401
    status, _answer = await posted(server, body_of(1), authorization="Bearer secret")
    assert status == 200


async def test_weakness_33_brackets_without_end_are_answered_over_http() -> None:
    status, answer = await posted(a_server(a_desk()), "[" * 30_000 + "]" * 30_000)
    assert (status, answer["error"]) == (400, "invalid_json")


def test_weakness_33_tokens_are_compared_in_constant_time() -> None:
    assert "compare_digest(" in inspect.getsource(RiskServer)


def test_weakness_33_thirty_thousand_brackets_are_refused_in_words() -> None:
    with pytest.raises(DocumentInvalid, match="is nested deeper than 32"):
        decode_json("[" * 30_000 + "]" * 30_000, "intent")


# There is no adapter for Tradier; these make its faults impossible for the one that comes.


@pytest.mark.parametrize("qty", ["0.5", "1.99", "0.00000001"])
def test_weakness_34_a_fraction_reaches_the_broker_as_it_was_asked(qty: str) -> None:
    broker = Silent()
    desk = a_desk(broker)
    assert asked(desk, an_order(1, qty=Decimal(qty))).quantity == Decimal(qty)
    assert broker.quantities == [Decimal(qty)]


def test_weakness_34_parts_of_an_order_that_filled_stay_when_the_rest_is_cancelled() -> None:
    broker = Silent()
    desk = a_desk(broker)
    order_id = asked(desk, an_order(1, qty=4)).order_id
    assert order_id is not None
    broker.news.append(Fill("f-1", order_id, Decimal("1.5"), Decimal(100)))
    desk.take_events(NOW)
    assert desk.state.positions() == {"A": Decimal("1.5")}
    broker.news.append(Cancelled(order_id, "by the exchange"))
    desk.take_events(NOW)
    assert (desk.state.positions(), desk.state.orders) == ({"A": Decimal("1.5")}, {})


def test_weakness_34_an_order_is_sent_once_whatever_the_broker_does() -> None:
    for broker in (Silent(), Failing(), Refusing()):
        asked(a_desk(broker), an_order(1))
        assert broker.quantities == [10]


class Refusing(Silent):
    """A broker that takes nothing."""

    def submit(self, order_id: str, candidate: Candidate, price: Price) -> None:
        super().submit(order_id, candidate, price)
        raise BrokerRefused("no")


async def test_weakness_34_only_reads_are_asked_again_and_only_when_nothing_was_sent() -> None:
    calls: list[Exception] = []

    def failing(error: Exception) -> Callable[[], Any]:
        async def read() -> None:
            calls.append(error)
            raise error

        return read

    async def at_once(_delay_s: float) -> None:
        return None

    for error, tries in ((BrokerUnavailable("down"), 3), (TimeoutError("late"), 1)):
        calls.clear()
        with pytest.raises(type(error)):
            await retry_read(failing(error), sleep=at_once)
        assert len(calls) == tries


def test_weakness_34_nothing_that_places_or_cancels_is_ever_asked_again() -> None:
    users = [
        path
        for root in ("app", "adapters", "tools", "agents")
        for path in Path(root).rglob("*.py")
        if "retry_read" in path.read_text() and path.name != "retry.py"
    ]
    lines = [line for path in users for line in path.read_text().splitlines()]
    retried = [line for line in lines if "retry_read(" in line]
    assert not [line for line in retried if "place" in line or "cancel" in line]


# F. The journal


def a_journal(path: Path) -> list[bytes]:
    """Return the lines of a run's journal: an order allowed, one cut, one refused."""
    desk = a_desk(path=path)
    verdicts(desk, an_order(1), an_order(2, qty=150), an_order(3, symbol="B"))
    desk.journal.close()
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("what", "by"), [(b'"acc-1"', b'"acc-2"'), (b'"policy":"', b'"policy":"0')]
)
def test_weakness_35_any_change_of_a_record_is_found(
    tmp_path: Path, what: bytes, by: bytes
) -> None:
    lines = a_journal(tmp_path / "journal.jsonl")
    assert verify(lines).broken is None
    place = next(n for n, line in enumerate(lines) if what in line)
    forged = [*lines[:place], lines[place].replace(what, by, 1), *lines[place + 1 :]]
    assert verify(forged).broken is not None
    assert verify([*lines[:place], *lines[place + 1 :]]).broken is not None


def test_weakness_35_a_new_run_keeps_the_journal_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    before = b"".join(a_journal(path))
    a_journal(path)
    after = path.read_bytes()
    assert after.startswith(before)
    assert len(after) > len(before)
    assert verify(after.splitlines(keepends=True)).broken is None


def test_weakness_36_a_price_that_is_no_number_is_recorded_and_judged_alike_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.jsonl"
    desk = a_desk(path=path, market=at_prices(A=NAN))
    reply = asked(desk, an_order(1))
    assert reply.judgement.rule_ids == ("SYS-001",)
    desk.journal.close()
    replayed = verify_decisions(read_journal(path))
    assert (replayed.decisions, replayed.difference) == (1, None)


def test_weakness_35_a_replay_by_another_policy_than_the_recorded_one_is_found(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.jsonl"
    lines = a_journal(path)
    assert verify_decisions(Reader(lines)).difference is None
    place = next(n for n, line in enumerate(lines) if b'"kind":"policy"' in line)
    looser = lines[place].replace(b'"max_position_pct":"0.1"', b'"max_position_pct":"0.2"')
    assert looser != lines[place]
    forged = resealed([*lines[:place], looser, *lines[place + 1 :]])
    assert verify(forged).broken is None
    assert "the policy's hash is" in (verify_decisions(Reader(forged)).difference or "")


def resealed(lines: list[bytes]) -> list[bytes]:
    """Chain lines anew, as somebody would who can write the whole file."""
    head, made = GENESIS, []
    for line in lines:
        record = json.loads(line)
        at = datetime.fromisoformat(record["at"])
        sealed, head = seal_value(head, at, Kind(record["kind"]), record["body"])
        made.append(sealed)
    return made


def test_weakness_37_a_decision_is_as_short_with_five_hundred_holdings_as_with_one(
    tmp_path: Path,
) -> None:
    sizes = []
    for count in (1, 500):
        path = tmp_path / f"{count}.jsonl"
        symbols = [f"S{number}" for number in range(count)]
        desk = a_desk(
            path=path,
            portfolio=holding(**dict.fromkeys(symbols, Decimal("0.5"))),
            market=at_prices(A=100, **dict.fromkeys(symbols, 100)),
        )
        asked(desk, an_order(1))
        desk.journal.close()
        lines = path.read_bytes().splitlines()
        sizes += [len(line) for line in lines if b'"kind":"decision"' in line]
    assert max(sizes) <= MAX_DECISION_BYTES
    assert abs(sizes[1] - sizes[0]) <= 8


def test_weakness_38_nothing_is_answered_or_sent_that_is_not_in_the_journal(
    tmp_path: Path,
) -> None:
    broker, path = Silent(), tmp_path / "journal.jsonl"
    desk = a_desk(broker, path=path)
    with room_for(path.stat().st_size + 10), pytest.raises(JournalFailed):
        desk.submit(an_order(1), NOW)
    with pytest.raises(JournalFailed):
        desk.submit(an_order(2), NOW)
    desk.journal.close()
    assert broker.taken == []
    journal, records = open_journal(path, Fsync.ALWAYS, at=NOW)
    assert [record.kind for record in records] == [Kind.POLICY, Kind.STATE]
    journal.close()


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow above a size, as on a disk that is full."""
    soft, hard = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, (soft, hard))


def test_weakness_39_equal_runs_leave_equal_bytes(tmp_path: Path) -> None:
    one, other = (a_journal(tmp_path / name) for name in ("one", "other"))
    assert one == other
    assert sum(b'"kind":"decision"' in line for line in one) == 3
    assert Kind.TIMING.value.encode() not in b"".join(one)
