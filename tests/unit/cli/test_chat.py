"""The terminal chat against a scripted server."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from app.cli import chat
from app.cli.chat import NOT_DONE, OK, USAGE, run_chat
from tests.unit.cli.cards import Json, a_plan_card, a_question, a_result

ME = {
    "ok": True,
    "user": {"user_id": "usr_1", "name": "owner", "roles": ["admin"]},
    "accounts": [
        {
            "account_id": "paper-inr",
            "broker": "paper",
            "mode": "PROPOSE",
            "currency": "INR",
            "is_default": True,
        }
    ],
}


def a_run(outcome: str, *cards: Json, text: str = "Said.") -> list[Json]:
    return [
        {"type": "RUN_STARTED", "runId": "run_1", "threadId": "thr_1"},
        {"type": "STEP_STARTED", "stepName": "parse"},
        {"type": "STEP_FINISHED", "stepName": "parse"},
        *({"type": "ACTIVITY_SNAPSHOT", "messageId": c["id"], "content": c} for c in cards),
        {"type": "TEXT_MESSAGE_START", "messageId": "m1"},
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": text},
        {"type": "TEXT_MESSAGE_END", "messageId": "m1"},
        {"type": "RUN_FINISHED", "result": {"outcome": outcome, "decision_id": "dec_1"}},
    ]


class Server:
    """Answers each POST with the next run and keeps what was asked."""

    def __init__(
        self, *runs: list[Json] | httpx.Response, pending: list[Json] | None = None
    ) -> None:
        self.runs = list(runs)
        self.pending = pending or []
        self.posts: list[tuple[str, Json]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] != "Bearer st_key":
            return httpx.Response(401, json={"code": "UNAUTHORIZED", "detail": "no valid key"})
        if request.method == "GET":
            rows = {"ok": True, "rows": self.pending}
            return httpx.Response(200, json=ME if request.url.path.endswith("/me") else rows)
        self.posts.append((request.url.path, json.loads(request.content)))
        run = self.runs.pop(0)
        if isinstance(run, httpx.Response):
            return run
        body = "".join(
            f"id: run_1:{number}\ndata: {json.dumps(event)}\n\n"
            for number, event in enumerate(run, 1)
        )
        return httpx.Response(200, content=body.encode())


class Desk:
    """A person's lines, and what the two outputs showed."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.prompts: list[str] = []
        self.out = Console(file=StringIO(), width=100, color_system=None)
        self.err = Console(file=StringIO(), width=100, color_system=None)

    def ask(self, prompt: str) -> str | None:
        self.prompts.append(prompt)
        return self.lines.pop(0) if self.lines else None

    def run(self, server: Any, *, person: bool = True, **options: Any) -> int:
        return run_chat(
            **{"base_url": "http://server", "api_key": "st_key"} | options,
            terminal=chat.Terminal(self.out, self.err, self.ask if person else None),
            transport=httpx.MockTransport(server),
        )

    @property
    def shown(self) -> str:
        assert isinstance(self.out.file, StringIO)
        return self.out.file.getvalue()

    @property
    def noted(self) -> str:
        assert isinstance(self.err.file, StringIO)
        return self.err.file.getvalue()


def test_a_plan_is_shown_approved_and_its_result_shown() -> None:
    server = Server(a_run("AWAITING_APPROVAL", a_plan_card()), a_run("EXECUTED", a_result()))
    terminal = Desk("y")
    assert terminal.run(server, message="buy 10 INFY") == OK
    assert server.posts == [
        ("/api/v1/chat", {"message": "buy 10 INFY"}),
        ("/api/v1/cards/crd_1/approve", {}),
    ]
    assert terminal.prompts == ["Approve BUY 10 NSE:INFY? y = yes, n = reject, Enter = later: "]
    assert "✓ reconciled" in terminal.shown
    assert "executed  decision dec_1" in terminal.shown
    assert terminal.noted == "parse\nparse\n"


@pytest.mark.parametrize(
    ("line", "path", "outcome", "code"),
    [("n", "reject", "REJECTED_BY_USER", NOT_DONE), ("YES", "approve", "EXECUTED", OK)],
)
def test_a_card_is_decided_by_a_plain_yes_or_no(
    line: str, path: str, outcome: str, code: int
) -> None:
    server = Server(a_run("AWAITING_APPROVAL", a_plan_card()), a_run(outcome))
    assert Desk(line).run(server, message="buy 10 INFY") == code
    assert server.posts[1][0] == f"/api/v1/cards/crd_1/{path}"


@pytest.mark.parametrize("line", ["", "yep", "1"])
def test_anything_else_leaves_the_card_waiting(line: str) -> None:
    server = Server(a_run("AWAITING_APPROVAL", a_plan_card()))
    terminal = Desk(line)
    assert terminal.run(server, message="buy 10 INFY") == OK
    assert len(server.posts) == 1
    assert "The card waits; nothing was sent." in terminal.noted


def test_without_a_person_nothing_is_approved() -> None:
    server = Server(a_run("AWAITING_APPROVAL", a_plan_card()))
    terminal = Desk()
    assert terminal.run(server, person=False, message="buy 10 INFY") == OK
    assert len(server.posts) == 1
    assert "BUY 10 NSE:INFY" in terminal.shown


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("ANSWERED", OK),
        ("DENIED", NOT_DONE),
        ("NEEDS_INPUT", NOT_DONE),
        ("PARTIALLY_EXECUTED", NOT_DONE),
        ("OUTCOME_UNKNOWN", NOT_DONE),
        ("", NOT_DONE),
    ],
)
def test_the_exit_code_tells_whether_it_was_done(outcome: str, code: int) -> None:
    assert Desk().run(Server(a_run(outcome)), message="hello") == code


def test_a_question_is_answered_by_letter_or_in_words_in_the_same_thread() -> None:
    choices = [{"value": "NSE:TATASTEEL", "label": "Tata Steel Ltd"}]
    server = Server(
        a_run("NEEDS_INPUT", a_question("Which one?", choices)),
        a_run("NEEDS_INPUT", a_question("How many?", [])),
        a_run("ANSWERED"),
    )
    assert Desk("A", "5").run(server, message="buy tata") == OK
    assert [body for _path, body in server.posts[1:]] == [
        {"message": "NSE:TATASTEEL", "thread_id": "thr_1"},
        {"message": "5", "thread_id": "thr_1"},
    ]


def test_a_conversation_keeps_its_thread_until_a_new_one_is_asked_for() -> None:
    server = Server(*(a_run("ANSWERED") for _ in range(3)))
    terminal = Desk("", "one", "two", "/help", "/new", "three", "/quit", "never")
    assert terminal.run(server) == OK
    threads = [body.get("thread_id") for _path, body in server.posts]
    assert threads == [None, "thr_1", None]
    assert {body["account_id"] for _path, body in server.posts} == {"paper-inr"}
    assert " PAPER  paper-inr (INR): simulated or replayed market" in terminal.shown


def test_a_conversation_first_shows_the_cards_that_wait_and_asks_only_when_told() -> None:
    server = Server(a_run("EXECUTED", a_result()), pending=[a_plan_card()])
    terminal = Desk("/cards", "y")
    assert terminal.run(server) == OK
    assert server.posts == [("/api/v1/cards/crd_1/approve", {})]


def test_a_yes_typed_ahead_answers_no_card_of_another_time() -> None:
    server = Server(a_run("ANSWERED"), pending=[a_plan_card()])
    assert Desk("y").run(server) == OK
    assert [path for path, _body in server.posts] == ["/api/v1/chat"]


def test_a_problem_in_a_conversation_is_said_and_the_conversation_goes_on() -> None:
    refused = httpx.Response(422, json={"code": "TOO_ODD", "detail": "odd", "remediation": "Why?"})
    server = Server(refused, a_run("ANSWERED", text="Second."))
    terminal = Desk("one", "two")
    assert terminal.run(server) == OK
    assert "odd\nWhy?\nTOO_ODD" in terminal.noted
    assert "Second." in terminal.shown


def test_a_failed_run_is_a_failure_with_its_code() -> None:
    run = [*a_run("")[:2], {"type": "RUN_ERROR", "message": "It broke.", "code": "INTERNAL"}]
    terminal = Desk()
    assert terminal.run(Server(run), message="hello") == NOT_DONE
    assert "It broke.\nINTERNAL" in terminal.noted


def test_a_broken_turn_says_once_what_broke() -> None:
    said = [event for event in a_run("", text="No prices now.") if event["type"] != "RUN_FINISHED"]
    run = [*said, {"type": "RUN_ERROR", "message": "No prices now.", "code": "INTERNAL"}]
    terminal = Desk()
    assert terminal.run(Server(run), message="price of INFY") == NOT_DONE
    assert (terminal.shown + terminal.noted).count("No prices now.") == 1


def test_what_the_card_says_is_not_said_twice() -> None:
    question = a_question("How many?", [])
    terminal = Desk()
    terminal.run(Server(a_run("NEEDS_INPUT", question, text="How many?")), message="buy INFY")
    assert terminal.shown.count("How many?") == 1


def test_json_prints_the_servers_answer_as_it_is() -> None:
    answer = {"ok": True, "outcome": "ANSWERED", "thread_id": "thr_9", "message": "₹5"}
    terminal = Desk()
    server = Server(httpx.Response(200, json=answer))
    assert terminal.run(server, message="price of INFY", as_json=True) == OK
    assert json.loads(terminal.shown) == answer
    assert terminal.shown.count("\n") == 1


def test_json_prints_a_problem_too_and_fails() -> None:
    body = {"ok": False, "code": "INVALID_PARAM", "detail": "no"}
    terminal = Desk()
    server = Server(httpx.Response(400, json=body))
    assert terminal.run(server, message="x", as_json=True) == NOT_DONE
    assert json.loads(terminal.shown) == body


def test_json_without_a_message_reads_one_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("one\n\ntwo\n"))
    answer = {"outcome": "ANSWERED", "thread_id": "thr_9"}
    server = Server(*(httpx.Response(200, json=answer) for _ in range(2)))
    terminal = Desk()
    assert terminal.run(server, person=False, as_json=True) == OK
    assert [body.get("thread_id") for _path, body in server.posts] == [None, "thr_9"]
    assert len(terminal.shown.splitlines()) == 2


def test_a_wrong_key_is_said_with_its_code() -> None:
    terminal = Desk()
    assert terminal.run(Server(), message="hello", api_key="st_wrong") == NOT_DONE
    assert "no valid key\nUNAUTHORIZED" in terminal.noted


@pytest.mark.parametrize("options", [{"message": "x"}, {"message": "x", "as_json": True}, {}])
def test_a_server_that_does_not_run_is_said_with_how_to_start_it(options: dict[str, Any]) -> None:
    def nobody(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    terminal = Desk()
    assert terminal.run(nobody, **options) == NOT_DONE
    assert "no SigmaTrader server answers at http://server" in terminal.noted
    assert "make run" in terminal.noted


def test_wrong_usage_has_its_own_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(""))
    assert Desk().run(Server(), message="  ") == USAGE
    assert Desk().run(Server(), person=False) == USAGE
    assert Desk().run(Server(), person=False, as_json=True) == USAGE


@pytest.mark.parametrize("address", ["server:8080", "ftp://server", "http://", "http://a:b:c", ""])
def test_an_address_that_is_none_is_wrong_usage(address: str) -> None:
    terminal = Desk()
    assert terminal.run(Server(), base_url=address, message="x") == USAGE
    assert "is not an address" in terminal.noted


LIVE_CARD = a_plan_card() | {"plan_id": "pln_1"}
LIVE_CARD["fields"] = LIVE_CARD["fields"] | {"mode": "LIVE"}


def test_a_live_plan_is_approved_only_by_the_words_that_accept_the_risk() -> None:
    server = Server(a_run("AWAITING_APPROVAL", LIVE_CARD), a_run("EXECUTED", a_result()))
    terminal = Desk("y", " I accept  the RISK ")
    assert terminal.run(server, message="buy 10 INFY") == OK
    assert server.posts[1] == ("/api/v1/cards/crd_1/approve", {"acknowledge_risk": True})
    assert "real money" in terminal.noted
    assert "sigmatrader validate pln_1" in terminal.noted
    assert terminal.prompts[1] == "Type 'i accept the risk' to approve BUY 10 NSE:INFY: "


@pytest.mark.parametrize("words", ["y", "yes", "", "I accept"])
def test_a_live_plan_waits_when_anything_else_is_typed(words: str) -> None:
    server = Server(a_run("AWAITING_APPROVAL", LIVE_CARD))
    terminal = Desk("y", words)
    terminal.run(server, message="buy 10 INFY")
    assert [path for path, _body in server.posts] == ["/api/v1/chat"]
    assert "The card waits; nothing was sent." in terminal.noted


def test_a_live_plan_is_rejected_without_further_words() -> None:
    server = Server(a_run("AWAITING_APPROVAL", LIVE_CARD), a_run("REJECTED_BY_USER"))
    terminal = Desk("n")
    terminal.run(server, message="buy 10 INFY")
    assert server.posts[1] == ("/api/v1/cards/crd_1/reject", {})
    assert len(terminal.prompts) == 1


def test_a_message_that_was_its_own_approval_asks_nothing_and_shows_the_result() -> None:
    carried_out = [
        event | ({"runId": "run_2"} if event["type"] == "RUN_STARTED" else {})
        for event in a_run("EXECUTED", a_result())
    ]
    server = Server([*a_run("AWAITING_APPROVAL", a_plan_card()), *carried_out])
    terminal = Desk("y")
    assert terminal.run(server, message="buy 10 INFY") == OK
    assert terminal.prompts == []
    assert len(server.posts) == 1
    assert "✓ reconciled" in terminal.shown


EXCEPTION = {
    "exception_id": "exc_1",
    "severity": "H",
    "message": "NSE:INFY CNC: we expect 0, the broker has 5",
    "cause": "MANUAL_TRADE",
    "proof": {"evidence": "a trade of 5 that is not ours"},
    "possible": ["ADOPT", "CLOSE_POSITION"],
    "acknowledged_by": None,
}
PROTECTION = {
    "side": "BUY",
    "instrument": "NSE:INFY",
    "stop": {"price": "980", "state": "resting at the broker"},
    "target": {"price": "1030", "state": "held by SigmaTrader, works only while the server runs"},
    "note": None,
}


@pytest.mark.parametrize(
    ("command", "row", "expected"),
    [
        (
            "/exceptions",
            EXCEPTION,
            ["high", "manual trade: a trade of 5 that is not ours", "ADOPT, CLOSE_POSITION"],
        ),
        (
            "/protections",
            PROTECTION,
            ["stop ₹980.00: resting at the broker", "target ₹1,030.00: held by"],
        ),
    ],
)
def test_a_list_is_shown_without_a_turn(command: str, row: Json, expected: list[str]) -> None:
    server = Server(pending=[])
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.path}?{request.url.query.decode()}")
        if request.url.path.endswith(command):
            return httpx.Response(200, json={"ok": True, "rows": [row]})
        return server(request)

    terminal = Desk(command, "/quit")
    terminal.run(answer)
    assert [line for line in expected if line not in terminal.shown] == []
    assert f"/api/v1{command}?account_id=paper-inr" in asked
    assert server.posts == []


@pytest.mark.parametrize(
    ("command", "said"),
    [("/exceptions", "Nothing needs your attention."), ("/protections", "No entry has a stop")],
)
def test_an_empty_list_says_so(command: str, said: str) -> None:
    terminal = Desk(command, "/quit")
    terminal.run(Server(pending=[]))
    assert said in terminal.shown


THREADS: list[Json] = [
    {"thread_id": "thr_7", "title": "buy 10 INFY", "last_active_at": "2026-11-30T10:00:00Z"}
]
PAST: list[Json] = [
    {"messages": [{"role": "assistant", "content": "Filled."}], "cards": []},
    {
        "messages": [
            {"role": "user", "content": "buy 10 INFY\x1b[2J"},
            {"role": "assistant", "content": "Approve the card."},
        ],
        "cards": [{**a_plan_card(), "status": "APPROVED"}],
    },
]


def past_server(request: httpx.Request) -> httpx.Response:
    match request.url.path:
        case "/api/v1/me":
            return httpx.Response(200, json=ME)
        case "/api/v1/threads":
            assert dict(request.url.params) == {"account_id": "paper-inr"}
            return httpx.Response(200, json={"rows": THREADS})
        case "/api/v1/threads/thr_7":
            return httpx.Response(200, json={"rows": PAST})
        case "/api/v1/threads/thr_8":
            return httpx.Response(404, json={"code": "NOT_FOUND", "detail": "there is no thread"})
        case _:
            return httpx.Response(200, json={"rows": []})


def test_an_earlier_conversation_is_listed_shown_and_gone_on_with() -> None:
    server = Server(a_run("ANSWERED"))

    def answer(request: httpx.Request) -> httpx.Response:
        return server(request) if request.method == "POST" else past_server(request)

    desk = Desk("/threads", "/thread thr_7", "positions", "/quit")
    assert desk.run(answer) == OK

    shown = desk.shown
    assert "30 Nov 15:30  thr_7  buy 10 INFY" in shown
    assert "\x1b" not in shown
    assert shown.index("you> buy 10 INFY") < shown.index("approved") < shown.index("Filled.")
    assert server.posts[0][1]["thread_id"] == "thr_7"


def test_a_conversation_that_is_not_there_leaves_a_new_one() -> None:
    server = Server(a_run("ANSWERED"))

    def answer(request: httpx.Request) -> httpx.Response:
        return server(request) if request.method == "POST" else past_server(request)

    desk = Desk("positions", "/quit")
    assert desk.run(answer, thread_id="thr_8") == OK

    assert "there is no thread" in desk.noted
    assert "thread_id" not in server.posts[0][1]


def a_refusal(kind: str, *, message: str = "POSITION_TOO_LARGE: too much") -> Json:
    rule = {"rule_id": "EXP-001", "message": message, "remedy": "Ask for at most 168"}
    return {**a_result(), "kind": kind, "title": "Refused", "fields": {"violations": [rule]}}


@pytest.mark.parametrize(
    ("kind", "before", "shown"),
    [("veto", "This would pass: quantity 168; ask for it. ", 0), ("insight", "Room left: 5. ", 1)],
)
def test_rules_that_a_card_lists_are_printed_once(kind: str, before: str, shown: int) -> None:
    text = f"{before}EXP-001: POSITION_TOO_LARGE: too much. Ask for at most 168."
    terminal = Desk()
    terminal.run(Server(a_run("DENIED", a_refusal(kind), text=text)), message="buy")
    assert terminal.shown.count("POSITION_TOO_LARGE") == 1
    assert terminal.shown.count(before.strip()) == shown


def test_an_attached_file_goes_with_the_next_message_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text("symbol,qty\nINFY,1\n")
    file = {"file_id": "fil_1", "name": "trades.csv", "sheets": [{"rows": 1}]}

    class Files(Server):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/api/v1/files":
                assert request.content == path.read_bytes()
                return httpx.Response(200, json={"ok": True, "file": file})
            return super().__call__(request)

    server = Files(a_run("ANSWERED"), a_run("ANSWERED"))
    terminal = Desk(f"/attach {path}", "/attach nowhere.csv", "show the file", "positions", "/quit")
    assert terminal.run(server) == OK
    assert [body.get("files") for _, body in server.posts] == [["fil_1"], None]
    assert "“trades.csv”" in terminal.noted
    assert "FILE_MISSING" in terminal.noted
