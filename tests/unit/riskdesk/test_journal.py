"""The journal: whatever was changed in it is found, and nothing in it is ever lost."""

import json
import os
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.riskdesk.desk import resume
from app.riskdesk.journal import (
    Fsync,
    JournalBusy,
    JournalUnsound,
    open_journal,
)
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.documents import Execution, InFlight, Terms
from riskgate.facts import Candidate, Price
from riskgate.hashing import canonical_json
from riskgate.judge import Judge
from riskgate.policy import parse_policy
from riskgate.record_bodies import (
    Fill,
    decision_lines,
    decision_text,
    fill_text,
    intent_text,
    is_quantity,
    order_text,
    read_fill,
    read_intent_body,
    read_start,
    start_body,
)
from riskgate.records import GENESIS, MAX_DECISION_BYTES, Head, Kind, parse_head, verify
from tests.unit.riskdesk.desks import (
    T0,
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

MUTATIONS = 1000


def a_journal(path: Path, orders: int = 12) -> Head:
    """Write a journal of decisions, orders, fills and prices, and return its head."""
    desk = a_desk(path)
    for n in range(orders):
        desk.submit(an_intent(f"i-{n}", quantity=Decimal(1 + 40 * (n % 4))), at(n))
        desk.set_prices(prices(A=100 + n), at(n))
    desk.journal.close()
    return desk.journal.head


def mutated(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """Change a journal somewhere, in one of five ways."""
    place = chance.randrange(len(lines))
    found = list(lines)
    match chance.randrange(5):
        case 0:
            where = chance.randrange(len(found[place]))
            byte = found[place][where] ^ (1 << chance.randrange(8))
            found[place] = found[place][:where] + bytes([byte]) + found[place][where + 1 :]
            return b"".join(found).splitlines(keepends=True)
        case 1:
            del found[place]
        case 2:
            other = (place + 1 + chance.randrange(len(found) - 1)) % len(found)
            found[place], found[other] = found[other], found[place]
        case 3:
            found[place] = found[place][: chance.randrange(len(found[place]))]
            del found[place + 1 :]
        case _:
            found.insert(place, chance.choice(lines))
    return found


def test_every_change_of_a_journal_is_found(tmp_path: Path) -> None:
    head = a_journal(tmp_path / "j")
    lines = (tmp_path / "j").read_bytes().splitlines(keepends=True)
    assert verify(lines, head) == (head, None, None)
    chance = random.Random(2026)
    for _round in range(MUTATIONS):
        changed = mutated(lines, chance)
        assert changed != lines
        assert verify(changed, head).broken is not None, changed


def test_a_change_before_the_last_line_is_found_without_an_anchor(tmp_path: Path) -> None:
    a_journal(tmp_path / "j")
    lines = (tmp_path / "j").read_bytes().splitlines(keepends=True)
    for place in range(len(lines) - 1):
        changed = [*lines]
        changed[place] = changed[place].replace(b"2026", b"2027", 1)
        broken = verify(changed).broken
        assert broken is not None
        assert broken.line == place + 2


def test_half_a_last_line_is_told_apart_from_a_broken_one(tmp_path: Path) -> None:
    a_journal(tmp_path / "j")
    lines = (tmp_path / "j").read_bytes().splitlines(keepends=True)
    checked = verify([*lines[:-1], lines[-1][:40]])
    assert checked.broken is None
    assert checked.torn == lines[-1][:40]
    assert checked.head.seq == len(lines) - 1


@pytest.mark.parametrize("left", [1, 40, -1])
def test_a_journal_with_a_torn_end_goes_on_and_loses_no_byte(tmp_path: Path, left: int) -> None:
    path = tmp_path / "j"
    a_journal(path)
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    torn = whole[: len(whole) - len(last)] + last[:left]
    path.write_bytes(torn)
    for n in range(2):
        journal, records = open_journal(path, Fsync.NEVER, at=at(50 + n))
        desk = resume(a_setup(journal), records, at(50 + n))
        desk.submit(an_intent(f"after-{n}"), at(60 + n))
        journal.close()
    assert path.read_bytes().startswith(torn)
    assert read_all(path) == len(records_of(path))


def read_all(path: Path) -> int:
    checked = verify(path.read_bytes().splitlines(keepends=True))
    assert checked.broken is None
    assert checked.torn is None
    return checked.head.seq


def test_a_broken_journal_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "j"
    a_journal(path)
    forged = path.read_bytes().replace(b'"verdict":"ALLOW"', b'"verdict":"DENY"', 1)
    path.write_bytes(forged)
    with pytest.raises(JournalUnsound, match="does not follow"):
        open_journal(path, Fsync.NEVER, at=T0)
    assert path.read_bytes() == forged


def test_an_existing_journal_is_never_deleted_or_cut(tmp_path: Path) -> None:
    path = tmp_path / "j"
    a_journal(path)
    before = path.read_bytes()
    a_journal(path)
    assert path.read_bytes().startswith(before)
    assert kinds_of(path).count(Kind.STATE) == 2
    read_all(path)


def test_a_journal_has_one_writer(tmp_path: Path) -> None:
    journal, _records = open_journal(tmp_path / "j", Fsync.NEVER, at=T0)
    with pytest.raises(JournalBusy):
        open_journal(tmp_path / "j", Fsync.NEVER, at=T0)
    journal.close()
    open_journal(tmp_path / "j", Fsync.NEVER, at=T0)[0].close()


def test_before_a_send_the_journal_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    sync = os.fdatasync

    def noted_sync(fd: int) -> None:
        events.append("sync")
        sync(fd)

    class NotingBroker(SlowBroker):
        def submit(self, order_id: str, candidate: Candidate, price: Price) -> None:
            events.append("send")

    monkeypatch.setattr(os, "fdatasync", noted_sync)
    desk = a_desk(tmp_path / "j", broker=NotingBroker(), fsync=Fsync.ALWAYS)
    events.clear()
    desk.submit(an_intent(), at(0))
    assert events == ["sync", "send"]
    desk.journal.close()


@pytest.mark.parametrize("positions", [1, 50, 500, 5000])
def test_a_decision_takes_at_most_a_kilobyte_whatever_the_book(
    tmp_path: Path, positions: int
) -> None:
    names = {f"S{n:04}": Decimal(n % 7 - 3) or Decimal(1) for n in range(positions)}
    start = a_start(a_portfolio(positions=names), prices(A=100, **dict.fromkeys(names, 3)))
    desk = a_desk(tmp_path / "j", start=start)
    desk.submit(an_intent(), at(0))
    desk.submit(an_intent("i-2", quantity=Decimal(10**9)), at(1))
    desk.journal.close()
    sizes = [r.size for r in records_of(tmp_path / "j") if r.kind is Kind.DECISION]
    assert max(sizes) <= MAX_DECISION_BYTES


HARD_TEXTS = [
    "x" * 64,
    "x" * 5000,
    'q"\\\n\t\x00\x7f\u2028' * 9,
    "\u0939\U0001f600" * 60,
]


@pytest.mark.parametrize("text", HARD_TEXTS)
@pytest.mark.parametrize("digits", ["1", "1E-200", "123456789" * 20])
def test_a_long_order_is_recorded_whole_and_its_decision_stays_small(
    tmp_path: Path, text: str, digits: str
) -> None:
    intent = an_intent(
        text, strategy_id=text, account_id=text, symbol=text, quantity=Decimal(digits)
    )
    # A book in which everything is wrong breaks as many rules as there are.
    held = {f"{text}{n}": Decimal(10) ** 300 for n in range(40)}
    for start in (a_start(market=prices(A=1, **{text: 7})), a_start(a_portfolio(positions=held))):
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        desk = a_desk(path, start=start)
        reply, _again = desk.submit(intent, at(0))
        desk.journal.close()
        decision = next(r for r in records_of(path) if r.kind is Kind.DECISION)
        assert decision.size <= MAX_DECISION_BYTES
        assert decision.head == reply.head
        journal, records = open_journal(path, Fsync.NEVER, at=at(1))
        assert resume(a_setup(journal), records, at(1)).submit(intent, at(2))[1]
        journal.close()


LONG_NAME = "\U0001f600" * 90
LONG_POLICY = f"""\
version: "1"
limits:
  market: {{check_hours: false}}
  data: {{quote_age_max_s: null}}
  loss: {{weekly_loss_limit_pct: null, monthly_loss_budget_pct: null}}
overrides:
  strategies:
    "{LONG_NAME}":
      may_loosen: true
      exposure:
        max_position_pct: 0.{"9" * 60}
        max_gross_exposure_x: 0.{"9" * 60}
        max_net_exposure_x: 0.{"9" * 60}
      loss: {{daily_loss_limit_pct: 0.{"9" * 60}, max_drawdown_pct: 0.{"9" * 60}}}
"""


@pytest.mark.parametrize("quantity", ["1", "1E+6", "99999999999"])
def test_an_allowed_order_under_a_long_override_is_recorded_in_a_kilobyte(
    tmp_path: Path, quantity: str
) -> None:
    desk = a_desk(
        tmp_path / "j",
        policy=parse_policy(LONG_POLICY),
        start=a_start(a_portfolio(available=Decimal(10**6))),
    )
    intent = an_intent(strategy_id=LONG_NAME, quantity=Decimal(quantity))
    reply, _again = desk.submit(intent, at(0))
    desk.journal.close()
    assert (reply.judgement.verdict == "ALLOW") is (quantity == "1")
    (decision,) = (r for r in records_of(tmp_path / "j") if r.kind is Kind.DECISION)
    assert decision.size <= MAX_DECISION_BYTES


def test_an_allowed_quantity_of_any_length_is_recorded_in_a_kilobyte() -> None:
    desk = a_desk(policy=parse_policy(LONG_POLICY))
    intent = an_intent(strategy_id=LONG_NAME)
    candidate = desk.state.candidate(intent)
    judgement = desk.judge.judge(candidate, desk.state.book, desk.state.situation(candidate, T0))
    for digits in ("9" * 800, "0." + "1" * 800, "1E+800", "1E-800"):
        allowed = Decimal(digits)
        cut = judgement._replace(allowed=allowed)
        lines, _head = decision_lines(
            GENESIS, T0, intent_text(intent), cut, KillSwitchLevel.HALTED, "a" * 64
        )
        decision = lines.splitlines()[-1]
        assert len(decision) < MAX_DECISION_BYTES
        assert is_quantity(allowed, json.loads(decision)["body"]["allowed"])


def hand_written() -> list[str]:
    terms = Terms(multiplier=Decimal("5.00"))
    known = {f"S{n}": terms._replace(sector=text) for n, text in enumerate(HARD_TEXTS) if n % 2}
    desk = a_desk(start=a_start(a_portfolio(instruments=known)))
    judge = Judge(a_policy(rate=1))
    texts = []
    for n, text in enumerate(HARD_TEXTS):
        limit = Decimal("0.10") if n % 2 else None
        symbol = f"S{n}"
        of_it = known.get(symbol, Terms())
        intent = an_intent(text, symbol=symbol, strategy_id=text, limit_price=limit, terms=of_it)
        candidate = desk.state.candidate(intent)
        judgement = judge.judge(candidate, desk.state.book, desk.state.situation(candidate, T0))
        asked = intent_text(intent)
        texts += [
            asked,
            decision_text(asked, judgement, KillSwitchLevel.HALTED, "a" * 64),
            order_text(text, text, candidate),
            fill_text(Fill(text, text, Decimal("1.50"), Decimal("1E+3"))),
        ]
    return texts


def test_what_is_written_by_hand_is_what_the_canonical_encoder_writes() -> None:
    for text in hand_written():
        assert canonical_json(json.loads(text)) == text


def test_the_figures_of_a_decision_are_canonical_whatever_their_exponents(tmp_path: Path) -> None:
    for digits in ("0", "-0.0", "1E+3", "0.00100", "1000", "1E-8", "-12.50"):
        text = fill_text(Fill("f", "o", Decimal(digits), Decimal(1)))
        assert json.loads(text)["qty"] == f"{Decimal(digits).normalize() + 0:f}"


def test_a_start_and_an_order_are_read_back_as_they_were() -> None:
    terms = Terms(Decimal("50"), "USD", Decimal(25), Decimal("0.05"), "banks", "NIFTY")
    start = a_start(
        a_portfolio(
            positions={"A": Decimal("-1.5")},
            in_flight=(InFlight("o", "A", -1, Decimal(2), Decimal("9.5")),),
            instruments={"A": terms},
            currency="INR",
            month_spent=True,
            available=Decimal(3),
        ),
        prices(A="1.25")._replace(as_of={"A": T0}, fx={"USD": Decimal(83)}, is_open=True),
        Execution(3, {"alpha": 2}, {"A": 1}, 1, 4, 9, (("t", "EXP-001"),), KillSwitchLevel.HALTED),
        apply_modify=True,
    )
    assert read_start(json.loads(canonical_json(start_body(start)))) == start
    intent = an_intent(terms=terms, limit_price=Decimal("3"))
    assert read_intent_body(json.loads(intent_text(intent))) == intent
    fill = Fill("f", "o", Decimal("1.5"), Decimal(7))
    assert read_fill(json.loads(fill_text(fill))) == fill


@pytest.mark.parametrize(
    "line",
    [
        b"[1,2]\n",
        b"{}\n",
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b'{"at":1.5}\n',
        b'{"at":NaN}\n',
        b'{"at":"2026-03-02T04:00:00.000000Z","body":{},"kind":"bribe","prev":"","seq":1}\n',
    ],
)
def test_a_line_that_is_no_record_breaks_the_chain(line: bytes) -> None:
    broken = verify([line]).broken
    assert broken is not None
    assert broken.line == 1


def test_an_empty_journal_is_whole_and_holds_no_anchor() -> None:
    assert verify([]) == (GENESIS, None, None)
    assert verify([], Head(1, "a" * 64)).broken is not None


@pytest.mark.parametrize(
    "text", ["", "1", "1:abc", ":" + "a" * 64, "x:" + "a" * 64, "1:" + "g" * 64]
)
def test_a_wrong_anchor_is_no_head(text: str) -> None:
    assert parse_head(text) is None
    assert parse_head("7:" + "a" * 64) == Head(7, "a" * 64)


def test_a_decision_that_is_cut_says_how_much_is_left_out() -> None:
    desk = a_desk(start=a_start(a_portfolio(positions={f"H{n}": Decimal(1) for n in range(60)})))
    intent = an_intent("i" * 900, quantity=Decimal("9" * 380))
    candidate = desk.state.candidate(intent)
    judgement = desk.judge.judge(candidate, desk.state.book, desk.state.situation(candidate, T0))
    lines, _head = decision_lines(
        GENESIS, T0, intent_text(intent), judgement, KillSwitchLevel.RUNNING, "a" * 64
    )
    before, decision = (json.loads(line) for line in lines.splitlines())
    body: dict[str, Any] = decision["body"]
    assert before["body"]["asked"]["intent_id"] == intent.intent_id
    assert body["asked"] == {"in": 1}
    assert len(lines.splitlines()[1]) < MAX_DECISION_BYTES
