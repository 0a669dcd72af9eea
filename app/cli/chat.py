"""The conversation in a terminal: the same cards as the page, from the same server."""

import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import httpx
from rich.console import Console
from rich.status import Status
from rich.text import Text

from app.cli.desk_lists import exception_lines, protection_lines
from app.cli.echo import besides_cards
from app.cli.file_upload import send_file
from app.cli.files_view import file_line
from app.cli.past import thread_lines, turn_parts
from app.cli.render import (
    choice_letter,
    choices_of,
    render_card,
    render_problem,
    what_is_sent,
)
from app.cli.sse_client import (
    ChatError,
    Event,
    RunFollower,
    refusal,
    unreachable,
)
from app.cli.text import json_text, safe

OK: Final = 0
NOT_DONE: Final = 1
USAGE: Final = 2
DONE_OUTCOMES: Final = frozenset({"ANSWERED", "AWAITING_APPROVAL", "EXECUTED"})
CONNECT_S: Final = 5.0
# The server says something at least every 15 seconds; three times that is silence.
SILENCE_S: Final = 45.0
PAPER_BROKERS: Final = frozenset({"paper", "mock"})
STEP_WORDS: Final = {
    "wait": "Waiting for what goes on in this conversation",
    "parse": "Reading your words",
    "gather": "Looking at the account",
    "plan": "Working out the plan",
    "gate": "Asking the risk gate",
    "card": "Preparing the card",
    "ask": "Finding what is missing",
    "answer": "Looking it up",
    "execute": "Sending to the broker",
    "reconcile": "Comparing with the broker",
    "explain": "Putting it into words",
}
PAST_TURNS: Final = 6
LIVE: Final = "LIVE"
RISK_WORDS: Final = "i accept the risk"
LIVE_NOTE: Final = (
    "LIVE: real money at a real broker. The plan must have passed a validation first:\n"
    "sigmatrader validate {plan} --client-id 1"
)
# Lists that need no turn: where they come from, and how they are shown.
LISTS: Final[Mapping[str, tuple[str, Callable[[Sequence[Any]], list[Text]]]]] = {
    "/exceptions": ("/api/v1/exceptions", exception_lines),
    "/protections": ("/api/v1/protections", protection_lines),
    "/threads": ("/api/v1/threads", thread_lines),
}
HELP: Final = (
    "Say what you want, for example 'buy 10 INFY at market, cnc', 'price of TCS' or 'positions'.\n"
    "/exceptions and /protections list what needs attention and which stops are held by whom;\n"
    "/threads lists earlier conversations, /thread ID goes on with one,\n"
    "/attach PATH attaches a .csv or .xlsx file to the next message,\n"
    "/new starts a new conversation, /quit or Ctrl-D leaves."
)

Ask = Callable[[str], str | None]


# What a card asks for that only its own route can give.
SIGHT = "portfolio_detail"


@dataclass(frozen=True)
class Terminal:
    """Where cards and notes go, and how a person is asked; `ask` is None where nobody sits."""

    out: Console
    notes: Console
    ask: Ask | None


@dataclass
class Turn:
    """What one run brought."""

    outcome: str = ""
    cards: list[Mapping[str, Any]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    unprinted: str = ""
    run_id: str | None = None

    @property
    def done(self) -> bool:
        return self.outcome in DONE_OUTCOMES


def run_chat(  # noqa: PLR0913  # each is an option
    *,
    base_url: str,
    api_key: str,
    account_id: str | None = None,
    thread_id: str | None = None,
    message: str | None = None,
    attach: Sequence[str] = (),
    as_json: bool = False,
    terminal: Terminal | None = None,
    transport: httpx.BaseTransport | None = None,
) -> int:
    """Hold one turn, or a conversation when there is no message; returns the exit code.

    Cards go to standard output, progress and problems to standard error. A person is asked only
    on a terminal and never with `as_json`.
    """
    terminal = terminal or this_terminal(as_json=as_json)
    wrong = _wrong_usage(base_url, message)
    if wrong:
        terminal.notes.print(Text(wrong))
        return USAGE
    try:
        with _client(base_url, api_key, transport) as client:
            chat = Chat(client, terminal.out, terminal.notes, account_id, terminal.ask, thread_id)
            for path in attach:
                chat.attach(path)
            return _run(chat, message, as_json=as_json)
    except ChatError as error:
        show_problem(terminal.notes, error)
        return NOT_DONE


def this_terminal(*, as_json: bool) -> Terminal:
    """Use the process's own streams."""
    asks = sys.stdin.isatty() and not as_json
    return Terminal(Console(), Console(stderr=True), ask_person if asks else None)


def _wrong_usage(base_url: str, message: str | None) -> str | None:
    if message is not None and not message.strip():
        return "The message is empty. Try: sigmatrader chat 'price of INFY'"
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        return f"{safe(base_url)} is not an address: {safe(error)}"
    if url.scheme not in {"http", "https"} or not url.host:
        return f"{safe(base_url)} is not an address; it should look like http://127.0.0.1:8080"
    return None


def ask_person(prompt: str) -> str | None:
    """Read a line from the terminal; None at its end."""
    try:
        return input(prompt)
    except EOFError:
        return None


def show_problem(notes: Console, error: ChatError) -> None:
    """Say what went wrong and what to do about it."""
    text = render_problem(
        message=error.message, code=error.code, remedy=error.remedy, request_id=error.request_id
    )
    notes.print(text)


def _client(base_url: str, api_key: str, transport: httpx.BaseTransport | None) -> httpx.Client:
    return httpx.Client(
        base_url=base_url,
        headers={"Authorization": f"Bearer {api_key}"},
        timeout=httpx.Timeout(CONNECT_S, read=SILENCE_S),
        # A proxy of the machine must see neither the key nor the orders.
        trust_env=False,
        transport=transport,
    )


def _run(chat: "Chat", message: str | None, *, as_json: bool) -> int:
    if as_json:
        return _json_turns(chat, message)
    if message is None:
        return chat.converse()
    turn = chat.say(message)
    chat.answer_cards(turn)
    return OK if chat.last.done else NOT_DONE


def _json_turns(chat: "Chat", message: str | None) -> int:
    """Print one JSON answer a message; without a message each line of the input is one."""
    lines = [message] if message is not None else (line.strip() for line in sys.stdin)
    codes = [chat.say_json(line) for line in lines if line]
    return max(codes, default=USAGE)


@dataclass
class Chat:
    """One conversation with the server."""

    client: httpx.Client
    console: Console
    notes: Console
    account_id: str | None
    ask: Ask | None
    thread_id: str | None = None
    currency: str = "INR"
    attached: list[str] = field(default_factory=list)
    last: Turn = field(default_factory=Turn)

    def converse(self) -> int:
        """Talk until the person leaves."""
        if self.ask is None:
            self.notes.print(Text("Give a message, or --json to read one message a line."))
            return USAGE
        self._greet()
        if self.thread_id:
            self._guarded_thread(self.thread_id)
        while (line := self._read_line()) is not None:
            match line.strip():
                case "":
                    continue
                case "/quit":
                    break
                case "/new":
                    self.thread_id = None
                    self.notes.print(Text("A new conversation.", style="dim"))
                case "/cards":
                    self._decide_waiting()
                case "/help":
                    self.notes.print(Text(HELP))
                case name if name.startswith("/attach "):
                    self._guarded_attach(name.removeprefix("/attach ").strip())
                case name if name.startswith("/thread "):
                    self._guarded_thread(name.removeprefix("/thread ").strip())
                case name if name in LISTS:
                    self._guarded_list(name)
                case text:
                    self._guarded_turn(text)
        return OK

    def say(self, message: str) -> Turn:
        """Send a message and show what it brings."""
        body: dict[str, Any] = {"message": message}
        if self.thread_id:
            body["thread_id"] = self.thread_id
        if self.account_id:
            body["account_id"] = self.account_id
        body |= self._files()
        return self._follow("/api/v1/chat", body)

    def attach(self, path: str) -> None:
        """Send a file, which the next message is about."""
        with self.notes.status("Reading the file"):
            file = send_file(self.client, path)
        self.attached.append(str(file["file_id"]))
        self.notes.print(file_line(file))

    def _files(self) -> dict[str, list[str]]:
        taken, self.attached = self.attached, []
        return {"files": taken} if taken else {}

    def say_json(self, message: str) -> int:
        """Send a message and print the server's JSON answer as it is."""
        said = {"message": message, "thread_id": self.thread_id, "account_id": self.account_id}
        body: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        body |= self._files()
        try:
            response = self.client.post(
                "/api/v1/chat", json=body, headers={"Idempotency-Key": _fresh_key()}
            )
        except httpx.TransportError as error:
            raise unreachable(self.client, error) from error
        answer = response.json() if response.is_success else refusal(response).body
        self.console.file.write(json_text(answer) + "\n")
        self.thread_id = answer.get("thread_id", self.thread_id)
        return OK if answer.get("outcome") in DONE_OUTCOMES else NOT_DONE

    def answer_cards(self, turn: Turn) -> None:
        """Ask the person about the cards that wait, where there is a person."""
        while self.ask is not None and (waiting := _waiting(turn)):
            card = waiting[-1]
            if card["kind"] == "question":
                following = self._answer_question(card)
            else:
                following = self._decide(card)
            if following is None:
                return
            turn = following

    def _answer_question(self, card: Mapping[str, Any]) -> Turn | None:
        said = (self._ask("Answer (Enter leaves it): ") or "").strip()
        if not said:
            return None
        return self._answer(card, said)

    def _answer(self, card: Mapping[str, Any], said: str) -> Turn:
        """Answer a question in words; what a model may see is decided by its own route."""
        if card["fields"].get("asks_for") == SIGHT:
            path = f"/api/v1/cards/{card['id']}/portfolio-detail"
            return self._follow(path, {"choice": _chosen(card, said).lower()})
        return self.say(_chosen(card, said))

    def _decide(self, card: Mapping[str, Any]) -> Turn | None:
        """Take a y or an n; anything else leaves the card as it is."""
        prompt = f"Approve {what_is_sent(card)}? y = yes, n = reject, Enter = later: "
        verb = {"y": "approve", "yes": "approve", "n": "reject", "no": "reject"}.get(
            (self._ask(prompt) or "").strip().lower()
        )
        body: dict[str, Any] = {}
        if verb == "approve" and card["fields"].get("mode") == LIVE:
            body = {"acknowledge_risk": True} if self._accepts_risk(card) else {}
            verb = verb if body else None
        if verb is None:
            self.notes.print(Text("The card waits; nothing was sent.", style="dim"))
            return None
        return self._follow(f"/api/v1/cards/{card['id']}/{verb}", body)

    def _accepts_risk(self, card: Mapping[str, Any]) -> bool:
        """Say what the plan lacks, and take the words that put real money at risk, nothing less."""
        self.notes.print(Text(LIVE_NOTE.format(plan=safe(card.get("plan_id"))), style="bold red"))
        said = self._ask(f"Type '{RISK_WORDS}' to approve {what_is_sent(card)}: ")
        return " ".join((said or "").lower().split()) == RISK_WORDS

    def _ask(self, prompt: str) -> str | None:
        return None if self.ask is None else self.ask(prompt)

    def _read_line(self) -> str | None:
        try:
            return self._ask("you> ")
        except KeyboardInterrupt:
            return ""

    def _guarded_attach(self, path: str) -> None:
        try:
            self.attach(path)
            self.notes.print(Text("Ask about it, for example 'show the file'.", style="dim"))
        except ChatError as error:
            show_problem(self.notes, error)

    def _guarded_list(self, name: str) -> None:
        path, lines = LISTS[name]
        try:
            rows = self._get(f"{path}?account_id={quote(self.account_id or '')}").get("rows") or []
        except ChatError as error:
            show_problem(self.notes, error)
            return
        for line in lines(rows):
            self.console.print(line)

    def _guarded_thread(self, thread_id: str) -> None:
        """Show the end of an earlier conversation and go on with it."""
        try:
            rows = self._get(f"/api/v1/threads/{quote(thread_id, safe='')}?limit={PAST_TURNS}")
        except ChatError as error:
            self.thread_id = None
            show_problem(self.notes, error)
            return
        self.thread_id = thread_id
        for part in turn_parts(rows.get("rows") or [], self.currency):
            self.console.print(part)

    def _guarded_turn(self, text: str) -> None:
        try:
            open_questions = [card for card in _waiting(self.last) if card["kind"] == "question"]
            turn = self._answer(open_questions[-1], text) if open_questions else self.say(text)
            self.answer_cards(turn)
        except ChatError as error:
            show_problem(self.notes, error)
        except KeyboardInterrupt:
            self.notes.print(Text("Not waiting any longer; 'orders' shows what became of it."))

    def _greet(self) -> None:
        me = self._get("/api/v1/me")
        accounts = me.get("accounts") or []
        chosen = next(
            (a for a in accounts if a["account_id"] == self.account_id),
            next((a for a in accounts if a.get("is_default")), accounts[0] if accounts else None),
        )
        if chosen is not None:
            self.account_id, self.currency = chosen["account_id"], chosen["currency"]
            self.console.print(_account_line(chosen))
        self.notes.print(Text(HELP, style="dim"))
        # Shown and not asked about: words typed ahead must not answer a card of another time.
        for card in (waiting := self._waiting()):
            self.console.print(render_card(card, currency=self.currency))
        if waiting:
            self.notes.print(Text("These cards wait; /cards asks you about each.", style="dim"))

    def _waiting(self) -> list[dict[str, Any]]:
        """Return this account's plans that wait for a person, oldest first."""
        rows = self._get("/api/v1/cards?status=PENDING").get("rows") or []
        return [
            card
            for card in reversed(rows)
            if card["account_id"] == self.account_id and card["kind"] == "trade_plan"
        ]

    def _decide_waiting(self) -> None:
        for card in self._waiting():
            self.console.print(render_card(card, currency=self.currency))
            self.answer_cards(Turn(cards=[card]))

    def _get(self, path: str) -> dict[str, Any]:
        try:
            response = self.client.get(path)
        except httpx.TransportError as error:
            raise unreachable(self.client, error) from error
        if not response.is_success:
            raise refusal(response)
        answer: dict[str, Any] = response.json()
        return answer

    def _follow(self, path: str, body: Mapping[str, Any]) -> Turn:
        turn = self.last = Turn()
        with self.notes.status("Sending") as status:
            follower = RunFollower(
                client=self.client,
                on_resume=lambda attempt, most: status.update(
                    f"Connection lost; picking it up again ({attempt} of {most})"
                ),
            )
            for event in follower.follow(path, body, key=_fresh_key()):
                self._show(turn, event, status)
        if not self.notes.is_terminal and turn.steps:
            self.notes.print(Text(" → ".join(turn.steps), style="dim"))
        return turn

    def _show(self, turn: Turn, event: Event, status: Status) -> None:
        if turn.unprinted and event.get("type") != "RUN_ERROR":
            self._print(status, Text(safe(turn.unprinted)))
            turn.unprinted = ""
        match event.get("type"):
            case "RUN_STARTED":
                # A second run carries out what the first one showed: nothing waits any more.
                turn.cards = [card for card in turn.cards if card.get("status") != "PENDING"]
                turn.run_id, self.thread_id = event.get("runId"), event.get("threadId")
            case "STEP_STARTED":
                turn.steps.append(safe(event.get("stepName")))
                status.update(_progress(turn.steps))
            case "ACTIVITY_SNAPSHOT":
                turn.cards.append(event["content"])
                self._print(status, render_card(event["content"], currency=self.currency))
            case "TEXT_MESSAGE_CONTENT":
                message_id = str(event.get("messageId"))
                turn.texts[message_id] = turn.texts.get(message_id, "") + str(event.get("delta"))
            case "TEXT_MESSAGE_END":
                text = turn.texts.get(str(event.get("messageId")), "")
                # A turn that breaks says the same once more as its problem; once is enough.
                turn.unprinted = besides_cards(turn.cards, text)
            case "RUN_FINISHED":
                result = event.get("result") or {}
                turn.outcome = str(result.get("outcome") or "")
                self._print(status, _foot(turn, result))
            case "RUN_ERROR":
                turn.outcome = "FAILED"
                if turn.unprinted and str(event.get("message")) not in turn.unprinted:
                    self._print(status, Text(safe(turn.unprinted)))
                turn.unprinted = ""
                raise ChatError(str(event.get("message")), code=str(event.get("code") or "FAILED"))

    def _print(self, status: Status, what: Any) -> None:
        """Print beside a running spinner, which is on another stream of the same terminal."""
        status.stop()
        self.console.print(what)
        status.start()


def _progress(steps: list[str]) -> Text:
    now = f"{STEP_WORDS.get(steps[-1], steps[-1])}…"
    return Text.assemble(now, (f"  {' → '.join(steps)}", "dim"))


def _foot(turn: Turn, result: Mapping[str, Any]) -> Text:
    outcome = turn.outcome.replace("_", " ").lower()
    style = "dim" if turn.done else "yellow"
    return Text.assemble((outcome, style), (f"  decision {safe(result.get('decision_id'))}", "dim"))


def _waiting(turn: Turn) -> list[Mapping[str, Any]]:
    return [card for card in turn.cards if card.get("status") == "PENDING"]


def _chosen(card: Mapping[str, Any], said: str) -> str:
    """Return the value of the choice that a letter names, else the words themselves."""
    for number, (value, _label) in enumerate(choices_of(card)):
        if said.strip().lower() == choice_letter(number):
            return value
    return said


def _account_line(account: Mapping[str, Any]) -> Text:
    paper = account.get("broker") in PAPER_BROKERS
    label = " PAPER " if paper else f" {safe(account.get('broker')).upper()} "
    kind = (
        "simulated or replayed market, not live; no real money"
        if paper
        else f"a real broker, mode {safe(account.get('mode'))}"
    )
    return Text.assemble(
        (label, "black on yellow" if paper else "white on red"),
        f" {safe(account['account_id'])} ({safe(account['currency'])}): {kind}",
    )


def _fresh_key() -> str:
    return secrets.token_hex(16)
