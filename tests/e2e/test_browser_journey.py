"""A person at the page, in a real Chromium, against the real server."""

import re
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize, expect

from app.clock import SystemClock
from tests.e2e.browsing import CHROMIUM, DESKTOP, await_conversation, say, visit
from tests.servers import Server

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")

PHONE: ViewportSize = {"width": 390, "height": 844}
SMALL_PHONE: ViewportSize = {"width": 360, "height": 640}
ORDER = "buy 10 INFY at market, cnc"


def facts(ticket: Locator) -> dict[str, list[str]]:
    """Return a ticket's values by label, each with the lines on where it came from."""
    rows = ticket.locator(".fact").all()
    return {row.locator("dt").inner_text(): row.locator("dd").all_inner_texts() for row in rows}


def heights(drawn: Locator, name: str) -> list[float]:
    """Return how far down each shape is drawn."""
    return [float(shape.get_attribute(name) or "nan") for shape in drawn.all()]


def posts(page: Page) -> list[str]:
    """Collect the paths that the page posts to from now on."""
    seen: list[str] = []
    page.on(
        "request",
        lambda request: seen.append(request.url) if request.method == "POST" else None,
    )
    return seen


def orders(server: Server) -> list[dict[str, Any]]:
    with server.client() as client:
        rows: list[dict[str, Any]] = client.get("/api/v1/orders?limit=200").json()["rows"]
        return rows


def test_words_become_a_card_an_approval_a_fill_and_a_reconciled_book(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        expect(page).to_have_url(f"{server.url}/")
        expect(page.get_by_role("note")).to_contain_text("PAPER")
        before = len(orders(server))

        turn = say(page, ORDER)
        ticket = turn.locator(".ticket")
        expect(ticket.locator("h3")).to_have_text("10 INFY")
        shown = facts(ticket)
        assert shown["Quantity"] == ["10", "your words “10”"]
        assert shown["Order"] == ["MARKET", "your words “at market”"]
        assert shown["Product"] == ["CNC", "your words “cnc”"]
        assert shown["Mode"] == ["PAPER"]
        assert re.fullmatch(r"₹[\d,]+\.\d\d", shown["Notional"][0])
        expect(ticket.locator(".head-source")).to_have_text(
            "side: your words “buy” · instrument: your words “INFY”"
        )
        expect(ticket.locator(".clock")).to_have_text(re.compile(r"[45]:\d\d"))
        expect(page.get_by_role("note")).to_contain_text("Simulated market")
        expect(turn.locator(".step-list")).to_have_text(
            re.compile("parse.*gather.*plan.*gate.*card")
        )
        assert len(orders(server)) == before

        ticket.get_by_role("button", name="Approve BUY 10 INFY").click()
        result = turn.locator(".card.result")
        expect(result).to_contain_text("reconciled")
        expect(result).to_contain_text("10 of 10")
        expect(result).to_contain_text("filled")
        expect(ticket).to_contain_text("You approved this plan.")
        expect(ticket.get_by_role("button", name="Approve")).to_have_count(0)
        decision = turn.get_by_role("button", name=re.compile("Copy decision id")).inner_text()
        expect(page.locator("#panel")).to_contain_text("INFY")
        assert [row["state"] for row in orders(server)][: -before or None] == ["FILLED"]

    with server.client() as client:
        trace = client.get(f"/api/v1/decisions/{decision}").json()["decision"]
    assert (trace["user_message"], trace["final_outcome"]) == (ORDER, "EXECUTED")


def test_a_question_is_answered_in_the_same_conversation(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        turn = say(page, "buy INFY")
        expect(turn.locator(".card.question")).to_contain_text("How many?")
        expect(page.get_by_placeholder("Answer: How many?")).to_be_focused()
        ticket = say(page, "5").locator(".ticket")
        expect(ticket.locator("h3")).to_have_text("5 INFY")
        assert facts(ticket)["Quantity"] == ["5", "your words “5”"]


def test_a_choice_is_made_with_one_click(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        question = say(page, "buy 10 tata").locator(".card.question")
        expect(question).to_contain_text("Which one do you mean?")
        question.get_by_role("button", name="NSE:TATASTEEL").click()
        expect(page.locator(".said").last).to_have_text("NSE:TATASTEEL")
        expect(question.get_by_role("button", name="NSE:TATAPOWER")).to_be_disabled()
        expect(page.locator(".turn").last.locator(".ticket h3")).to_have_text("10 TATASTEEL")


def test_two_clicks_approve_once(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        turn = say(page, "buy 3 TCS at market, cnc")
        before, sent = len(orders(server)), posts(page)
        turn.get_by_role("button", name="Approve BUY 3 TCS").dblclick()
        expect(turn.locator(".card.result")).to_contain_text("reconciled")
        assert [url.rsplit("/", 1)[-1] for url in sent] == ["approve"]
        assert len(orders(server)) == before + 1


def test_a_waiting_card_and_the_conversation_survive_a_reload_and_a_rejection_sends_nothing(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        say(page, "buy 7 SBIN at market, cnc")
        before = len(orders(server))
        page.reload()
        await_conversation(page)
        expect(page.locator(".said", has_text="buy 7 SBIN at market, cnc")).to_be_visible()
        ticket = page.locator(".ticket", has_text="7 SBIN")
        ticket.get_by_role("button", name="Reject").click()
        expect(ticket).to_contain_text("You rejected this plan. Nothing was sent.")
        assert len(orders(server)) == before
        page.reload()
        await_conversation(page)
        expect(page.locator(".said").first).to_be_visible()
        expect(ticket).to_have_count(1)
        expect(ticket.get_by_role("button", name="Approve")).to_have_count(0)


def test_a_card_decided_elsewhere_says_so_and_sends_nothing_more(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        ticket = say(page, "buy 2 ITC at market, cnc").locator(".ticket")
        card_id = ticket.get_attribute("data-card")
        with server.client() as client:
            assert client.post(f"/api/v1/cards/{card_id}/reject", json={}).json()["ok"]
        before = len(orders(server))
        ticket.get_by_role("button", name="Approve").click()
        expect(ticket.get_by_role("button", name="Approve")).to_have_count(0)
        expect(ticket).to_contain_text("You rejected this plan. Nothing was sent.")
        assert len(orders(server)) == before


def test_an_expired_card_can_no_longer_be_approved(browser: Browser, server: Server) -> None:
    def hasten(route: Route) -> None:
        answer = route.fetch()
        soon = (SystemClock().now() + timedelta(seconds=3)).isoformat()
        route.fulfill(
            response=answer,
            body=re.sub(r'"expires_at":"[^"]+"', f'"expires_at":"{soon}"', answer.text()),
        )

    with visit(browser, server) as page:
        page.route("**/api/v1/chat", hasten)
        ticket = say(page, "buy 1 ITC at market, cnc").locator(".ticket")
        expect(ticket.get_by_role("button", name="Approve")).to_be_enabled()
        expect(ticket.locator(".clock")).to_have_text(re.compile("0:0[123]"))
        expect(ticket).to_contain_text("The time to decide is over.")
        expect(ticket.get_by_role("button", name="Approve")).to_have_count(0)


def test_a_plan_that_the_gate_refuses_is_shown_with_rules_and_remedies(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        turn = say(page, "buy 100000 INFY at market, cnc")
        veto = turn.locator(".card.veto")
        expect(veto.locator(".rule").first).to_have_text(re.compile(r"[A-Z]+-\d+"))
        expect(veto.locator(".remedy").first).not_to_be_empty()
        expect(turn.get_by_role("button", name="Approve")).to_have_count(0)
        expect(turn.locator(".run-foot")).to_contain_text("denied")


def test_a_cut_stream_is_picked_up_where_it_stopped(browser: Browser, server: Server) -> None:
    resumed: list[str] = []

    def cut(route: Route) -> None:
        answer = route.fetch()
        frames = answer.text().split("\n\n")
        route.fulfill(response=answer, body="\n\n".join(frames[:3]) + "\n\n")

    def watch(route: Route) -> None:
        resumed.append(route.request.headers["last-event-id"])
        route.continue_()

    with visit(browser, server) as page:
        page.route("**/api/v1/chat", cut)
        page.route("**/api/v1/runs/*/events", watch)
        turn = say(page, "price of INFY")
        expect(turn.locator(".card.insight")).to_contain_text("INFY")
        expect(turn.locator(".run-foot")).to_contain_text("answered")
        expect(turn.locator(".step-list li")).to_have_count(3)
    assert [item.rsplit(":", 1)[-1] for item in resumed] == ["3"]


def test_a_server_that_goes_away_is_said_in_words(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        page.route("**/api/v1/chat", lambda route: route.abort())
        note = say(page, ORDER).locator(".note")
        expect(note).to_contain_text("The server does not answer.")
        expect(note).to_contain_text("make run")
        expect(note).to_contain_text("UNREACHABLE")


def test_a_wrong_key_is_refused_and_a_typed_key_signs_in(browser: Browser, server: Server) -> None:
    with visit(browser, server, key="st_wrong") as page:
        expect(page.get_by_role("alert")).to_contain_text("does not take this key")
        page.get_by_label("API key").fill(server.key)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_label("Message", exact=True)).to_be_focused()
        assert page.evaluate("document.cookie + JSON.stringify(localStorage)") == "{}"
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("API key")).to_be_focused()
        assert page.evaluate("sessionStorage.getItem('sigmatrader.key')") is None


def test_words_that_look_like_markup_stay_words(browser: Browser, server: Server) -> None:
    planted = "<img src=x onerror=alert(1)> <b>positions</b>"
    with visit(browser, server) as page:
        turn = say(page, planted)
        expect(turn.locator(".said")).to_have_text(planted)
        expect(page.locator("#turns img, .said *")).to_have_count(0)


@pytest.mark.parametrize(("size", "quantity"), [(PHONE, 4), (SMALL_PHONE, 5)], ids=["390", "360"])
def test_a_phone_shows_a_whole_ticket_without_scrolling_sideways(
    browser: Browser, server: Server, size: ViewportSize, quantity: int
) -> None:
    with visit(browser, server, size=size) as page:
        ticket = say(page, f"buy {quantity} INFY at market, cnc, stop 2%").locator(".ticket")
        expect(ticket.locator("h3")).to_be_in_viewport()
        ticket.get_by_role("button", name=f"Approve BUY {quantity} INFY").click()
        expect(page.locator(".card.result").last).to_contain_text("reconciled")
        expect(page.locator("#panel")).to_be_hidden()
        say(page, "positions")
        page.get_by_role("button", name="Book").click()
        expect(page.locator("#panel")).to_contain_text("Positions")
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        page.keyboard.press("Escape")
        expect(page.locator("#panel")).to_be_hidden()


def test_the_keyboard_is_enough(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        box = page.get_by_label("Message", exact=True)
        expect(box).to_be_focused()
        page.keyboard.type("positions")
        page.keyboard.press("Shift+Enter")
        expect(box).to_have_value("positions\n")
        page.keyboard.press("Escape")
        expect(box).to_have_value("")
        say(page, "funds")
        page.keyboard.press("ArrowUp")
        expect(box).to_have_value("funds")
        page.keyboard.press("Escape")
        ticket = say(page, "buy 1 TCS at market, cnc").locator(".ticket")
        ticket.get_by_role("button", name="Approve").press("Enter")
        expect(page.locator(".card.result").last).to_contain_text("reconciled")


@pytest.mark.parametrize("size", [DESKTOP, SMALL_PHONE])
def test_a_plan_is_drawn_in_charts_that_say_their_figures_in_words_and_in_a_table(
    browser: Browser, server: Server, size: ViewportSize
) -> None:
    with visit(browser, server, size=size) as page:
        words = f"buy {60 + size['width'] % 7} INFY at market, cnc, stop 2%, target 4%"
        ticket = say(page, words).locator(".ticket")
        shown = facts(ticket)
        drawings = ticket.get_by_role("img")
        expect(drawings).to_have_count(3)
        levels = drawings.filter(has=page.locator("title", has_text="Price, entry"))
        stop, target = shown["Stop"][0], shown["Target"][0]
        expect(levels.locator("desc")).to_have_text(
            re.compile(rf"^Target {re.escape(target)}, .*Stop {re.escape(stop)}\.$")
        )
        ys = [
            float(y)
            for y in levels.locator(".rung").evaluate_all(
                "all => all.map((l) => l.getAttribute('y1'))"
            )
        ]
        assert ys == sorted(ys)
        labels = [
            float(y)
            for y in levels.locator("text.value").evaluate_all(
                "all => all.map((l) => l.getAttribute('y'))"
            )
        ]
        assert min(below - above for above, below in pairwise(labels)) >= 16
        stakes = drawings.filter(has=page.locator("title", has_text="At stake"))
        expect(stakes.locator("desc")).to_contain_text(f"Loss at stop {shown['Loss at stop'][0]}")
        ticket.get_by_text("Figures of the charts").click()
        risk = ticket.get_by_role("region", name="At risk before and after")
        expect(risk.get_by_role("row")).to_have_text(
            [re.compile("Before.*After.*Limit"), re.compile("All positions"), re.compile("INFY")]
        )
        ticket.locator(".bill summary").click()
        bill = ticket.get_by_role("region", name="Charges of the plan")
        expect(bill).to_contain_text("Securities transaction tax")
        expect(bill.get_by_role("row").last).to_have_text(
            re.compile("Together.*" + re.escape(shown["Charges"][0]))
        )
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        box, outer = drawings.first.bounding_box(), ticket.bounding_box()
        assert box is not None
        assert outer is not None
        assert box["width"] <= outer["width"]


def test_a_refused_plan_shows_how_far_over_its_limits_it_would_have_gone(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        veto = say(page, "buy 70000 TCS at market, cnc").locator(".card.veto")
        expect(veto.get_by_role("img").locator("desc")).to_have_text(
            re.compile(r"TCS from ₹[\d,.]+ to ₹[\d,.]+, limit ₹[\d,.]+\.$")
        )
        expect(veto.locator(".bar.bad")).to_have_count(2)
        expect(veto.locator(".limit")).to_have_count(2)


PARSE = """async ([stream, cut]) => {
  const { createParser } = await import("/static/sse.js");
  const events = [], retries = [];
  const feed = createParser({ onEvent: (e) => events.push(e), onRetry: (ms) => retries.push(ms) });
  const pieces = cut === null ? [...stream] : [stream.slice(0, cut), stream.slice(cut)];
  for (const piece of pieces) feed(piece);
  return [events, retries];
}"""
STREAM = (
    "\ufeffretry: 3000\n\n: keepalive\n\nid: r:1\ndata: a\ndata: b\n\n"
    "event: odd\r\nid: r:2\r\ndata:tight\r\n\r\ndata:  two ₹\r\r\n"
    "id: a\0b\nretry: x\ndata\n\ndata: unfinished\n"
)
EVENTS = [
    {"id": "r:1", "event": "message", "data": "a\nb"},
    {"id": "r:2", "event": "odd", "data": "tight"},
    {"id": None, "event": "message", "data": " two ₹"},
    {"id": None, "event": "message", "data": ""},
]


def test_the_pages_event_parser_reads_a_stream_cut_anywhere(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        for cut in (None, *range(len(STREAM))):
            assert page.evaluate(PARSE, [STREAM, cut]) == [EVENTS, [3000]], cut


FORMAT = """async (calls) => {
  const format = await import("/static/format.js");
  return calls.map(([name, ...given]) => format[name](...given));
}"""
SHOWN = [
    (["decimal", "12345678.5", {"currency": "INR"}], "1,23,45,678.5"),
    (["decimal", "12345678.5", {"currency": "USD"}], "12,345,678.5"),
    (["decimal", "-1000"], "−1,000"),
    (["decimal", None], "–"),
    (["decimal", "1e5"], "1e5"),
    (["money", "15023.5"], "₹15,023.50"),
    (["money", "-0.5", "USD"], "−$0.50"),
    (["money", "12345678901234567890.123", "USD"], "$12,345,678,901,234,567,890.123"),
    (["money", None], "–"),
    (["roundedMoney", "1492.245"], "₹1,492.25"),
    (["roundedMoney", "0.004"], "₹0.00"),
    (["roundedMoney", "-0.004"], "₹0.00"),
    (["roundedMoney", "999.999"], "₹1,000.00"),
    (["signOf", "-0.00"], 0),
    (["signOf", "-0.01"], -1),
    (["signOf", "3"], 1),
    (["countdown", 61_000], "1:01"),
    (["countdown", -5], "0:00"),
    (["instrumentText", {"exchange": "NSE", "tradingsymbol": "INFY"}], "NSE:INFY"),
]


def test_the_page_writes_exact_decimals(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        answers = page.evaluate(FORMAT, [call for call, _shown in SHOWN])
    assert answers == [shown for _call, shown in SHOWN]


def test_an_earlier_conversation_is_found_again_and_gone_on_with(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        say(page, "price of INFY")
        expect(page.locator(".run-foot .decision")).to_have_count(1)
        page.locator("#new-thread").click()
        await_conversation(page)
        say(page, "price of TCS")
        expect(page.locator(".run-foot .decision")).to_have_count(1)
        page.locator("#earlier").click()
        page.locator(".thread", has_text="price of INFY").first.click()
        await_conversation(page)
        expect(page.locator(".said")).to_have_text(["price of INFY"])
        expect(page.locator(".run.earlier .card")).to_have_count(1)
        say(page, "positions")
        expect(page.locator(".run-foot .decision")).to_have_count(2)
        page.reload()
        expect(page.locator(".said")).to_have_text(["price of INFY", "positions"])


def test_an_instrument_chosen_in_the_book_is_meant_by_words_that_name_none(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        turn = say(page, "buy 13 INFY at market, cnc")
        turn.get_by_role("button", name="Approve BUY 13 INFY").click()
        expect(turn.locator(".card.result")).to_contain_text("reconciled")
        page.locator("#panel-body .symbol", has_text="INFY").first.click()
        expect(page.locator("#focus")).to_contain_text("NSE:INFY")
        turn = say(page, "buy 17 at market, cnc")
        expect(turn.locator(".ticket")).to_contain_text("17 INFY")
        expect(turn.locator(".ticket")).to_contain_text("chosen by you")
