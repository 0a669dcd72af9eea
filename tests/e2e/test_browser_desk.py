"""What the page shows and offers beside the conversation, in a real Chromium on a mock broker."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from app.clock import SystemClock
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    OrderType,
    Product,
    Side,
    Validity,
)
from riskgate.contracts.snapshots import Position
from riskgate.hashing import canonical_json
from riskgate.policy import DEFAULT_POLICY, ApprovalLimits, Policy
from tests.chaos.world import BrokerLoop, Outside
from tests.e2e.browsing import CHROMIUM, say, visit
from tests.servers import Server, running_server

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")

ACCOUNT = "mock-inr"
# What the broker calls the account of the first tenant.
BOOK = "main.mock-inr"
ORDER = "buy 10 INFY at market, cnc"
INFY, SBIN, TCS = (InstrumentRef(exchange="NSE", tradingsymbol=n) for n in ("INFY", "SBIN", "TCS"))


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    """A broker that the tests of this module hold in their hand."""
    brokers = BrokerLoop()
    with brokers.outside() as opened:
        yield opened
    brokers.close()


@pytest.fixture(scope="module")
def server(outside: Outside) -> Iterator[Server]:
    """A server at that broker, which asks no word twice."""
    with running_server(
        BROKER="mock", MOCK_URL=outside.url, MOCK_SETTLE_S="1", RESEND_WINDOW_S="0"
    ) as running:
        yield running


@contextmanager
def executing(server: Server) -> Iterator[None]:
    """Let a person's own word be the approval below 20 000."""
    limits = ApprovalLimits(execute_without_approval_below_notional=Decimal(20_000))
    policy = Policy.model_validate({**DEFAULT_POLICY.model_dump(), "approval": limits})
    with server.database() as database:
        (before,) = database.execute(
            "SELECT policy_hash FROM accounts WHERE account_id = %s", (ACCOUNT,)
        ).fetchone() or ("",)
        database.execute(
            "INSERT INTO policies (tenant_id, policy_hash, body, created_by, created_at)"
            " VALUES ('main', %s, %s::jsonb, 'test', now())",
            (policy.policy_hash, canonical_json(policy)),
        )
        _put_under(server, policy.policy_hash, "EXECUTE")
        yield
        _put_under(server, str(before), "PROPOSE")


def _put_under(server: Server, policy_hash: str, mode: str) -> None:
    with server.database() as database:
        database.execute(
            "UPDATE accounts SET policy_hash = %s, mode = %s WHERE account_id = %s",
            (policy_hash, mode, ACCOUNT),
        )


def held(ref: InstrumentRef, quantity: int) -> Position:
    return Position(
        instrument=ref, product=Product.CNC, quantity=Decimal(quantity), average_price=Decimal(900)
    )


def foreign_order(order_id: str) -> BrokerOrder:
    now = SystemClock().now()
    return BrokerOrder(
        instrument=TCS,
        side=Side.BUY,
        quantity=Decimal(3),
        product=Product.CNC,
        order_type=OrderType.LIMIT,
        validity=Validity.DAY,
        limit_price=Decimal(100),
        trigger_price=None,
        broker_order_id=order_id,
        tag=None,
        status=BrokerOrderStatus.OPEN,
        placed_at=now,
        updated_at=now,
    )


def compare(server: Server) -> None:
    with server.client() as client:
        answer = client.post("/api/v1/reconcile", json={"account_id": ACCOUNT})
        assert answer.status_code == 200, answer.text


def part(page: Page, name: str) -> Locator:
    """Return one part of the book by its heading."""
    heading = page.locator("h3", has_text=re.compile(rf"^{name}"))
    return page.locator("#panel-body section").filter(has=heading)


def posted(page: Page) -> list[tuple[str, dict[str, object]]]:
    """Collect what the page posts from now on."""
    seen: list[tuple[str, dict[str, object]]] = []
    page.on(
        "request",
        lambda request: (
            seen.append((request.url.split("/api/v1")[-1], json.loads(request.post_data or "{}")))
            if request.method == "POST"
            else None
        ),
    )
    return seen


def test_a_quiet_account_shows_no_exceptions_protections_or_foreign_orders(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        expect(part(page, "Positions")).to_contain_text("No positions.")
        for name in ("Needs you", "Stops and targets", "Orders of others"):
            expect(part(page, name)).to_have_count(0)
        expect(page.locator("#state")).to_be_empty()
        expect(page.locator(".stop-controls")).not_to_have_attribute("open", "")


def test_a_message_that_is_its_own_approval_shows_its_fill_without_a_reload(
    browser: Browser, server: Server
) -> None:
    with executing(server), visit(browser, server) as page:
        sent = posted(page)
        turn = say(page, ORDER)
        expect(turn.locator(".card.result")).to_contain_text("10 of 10")
        expect(turn.locator(".card.result .chip", has_text="filled")).to_have_attribute(
            "title", "All of it filled. Final."
        )
        expect(turn.locator(".ticket")).to_contain_text("Approved")
        expect(turn.get_by_role("button", name="Approve")).to_have_count(0)
        expect(turn.locator(".run")).to_have_count(2)
        expect(part(page, "Positions")).to_contain_text("INFY")
        assert [path for path, _body in sent] == ["/chat"]


def test_an_exception_shows_cause_and_proof_and_is_adopted_after_a_second_word(
    browser: Browser, server: Server, outside: Outside
) -> None:
    outside.broker.hold(BOOK, held(SBIN, 7))
    compare(server)
    with visit(browser, server) as page:
        item = part(page, "Needs you").locator(".exception-item", has_text="SBIN")
        expect(item).to_contain_text("high")
        expect(item).to_contain_text("Cause: not known.")
        sent = posted(page)
        item.get_by_role("button", name="Adopt").click()
        expect(item).to_contain_text("no order is sent")
        item.get_by_role("button", name="Not now").click()
        assert sent == []
        item.get_by_role("button", name="Adopt").click()
        item.get_by_role("button", name="Adopt the broker's figures").click()
        expect(item).to_have_count(0)
        expect(part(page, "Positions")).to_contain_text("SBIN")
        assert [body for _path, body in sent] == [{"action": "ADOPT"}]


def test_closing_what_should_not_be_there_puts_its_card_into_the_conversation(
    browser: Browser, server: Server, outside: Outside
) -> None:
    outside.broker.hold(BOOK, held(TCS, 4))
    compare(server)
    with visit(browser, server) as page:
        item = part(page, "Needs you").locator(".exception-item", has_text="TCS")
        item.get_by_role("button", name="Acknowledge").click()
        item.get_by_role("button", name="I have seen it").click()
        expect(item).to_contain_text("Seen by a person")
        item.get_by_role("button", name="Close position").click()
        expect(item).to_contain_text("waits for its card to be approved")
        item.get_by_role("button", name="Ask for a closing trade").click()
        ticket = page.locator(".ticket", has_text="4 TCS")
        expect(ticket.get_by_role("button", name="Approve SELL 4 TCS")).to_be_enabled()


def test_orders_of_others_are_marked_as_not_ours_and_cannot_be_acted_on(
    browser: Browser, server: Server, outside: Outside
) -> None:
    outside.broker.plant_order(BOOK, foreign_order("XB77"))
    compare(server)
    with visit(browser, server) as page:
        others = part(page, "Orders of others")
        expect(others).to_contain_text("TCS")
        expect(others.locator(".chip", has_text="not ours")).to_have_attribute(
            "title", re.compile("never cancelled by us")
        )
        expect(others.get_by_role("button")).to_have_count(0)


def test_stops_and_targets_say_who_holds_them(browser: Browser, server: Server) -> None:
    row = {
        "entry_order_id": "ord_1",
        "account_id": ACCOUNT,
        "instrument": "NSE:INFY",
        "side": "BUY",
        "product": "MIS",
        "filled_quantity": "10",
        "status": "ACTIVE",
        "note": None,
        "stop": {"price": "980", "state": "resting at the broker", "quantity": "10"},
        "target": {
            "price": "1030",
            "state": "held by SigmaTrader, works only while the server runs",
            "quantity": "0",
        },
    }

    def answer(route: Route) -> None:
        route.fulfill(json={"ok": True, "rows": [row]})

    with visit(browser, server) as page:
        page.route("**/api/v1/protections?*", answer)
        page.get_by_role("button", name="Refresh").click()
        shown = part(page, "Stops and targets")
        expect(shown).to_contain_text("₹980.00")
        expect(shown).to_contain_text("resting at the broker")
        expect(shown).to_contain_text("held by SigmaTrader")


def test_a_live_plan_needs_its_box_ticked_and_says_how_its_validation_stands(
    browser: Browser, server: Server
) -> None:
    def make_live(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer, body=answer.text().replace('"mode":"PAPER"', '"mode":"LIVE"')
        )

    with visit(browser, server) as page:
        page.route("**/api/v1/chat", make_live)
        ticket = say(page, "buy 2 ITC at market, cnc").locator(".ticket")
        approve = ticket.get_by_role("button", name="Approve BUY 2 ITC")
        live = ticket.get_by_role("region", name="Live order")
        expect(ticket.locator(".chip.live-money")).to_have_text("LIVE")
        expect(live).to_contain_text("real money")
        expect(live).to_contain_text("not validated")
        expect(approve).to_be_disabled()
        expect(ticket.get_by_role("button", name="Reject")).to_be_enabled()

        live.get_by_role("button", name="Validate").click()
        expect(live).to_contain_text(re.compile("validation: (PASS|WARNING)"))
        expect(live).to_contain_text("Counts until")
        expect(approve).to_be_disabled()

        sent = posted(page)
        live.get_by_label("I accept the risk").check()
        expect(approve).to_be_enabled()
        live.get_by_label("I accept the risk").uncheck()
        expect(approve).to_be_disabled()
        live.get_by_label("I accept the risk").check()
        approve.click()
        expect(ticket).to_contain_text("You approved this plan.")
        expect(live).to_be_hidden()
        assert [body for _path, body in sent] == [{"acknowledge_risk": True}]


LINES = """async ([report, now]) => {
  const { validationLines } = await import("/static/live.js");
  const lines = validationLines(report, Date.parse(now));
  return lines.map((node) => node.textContent).join(" ");
}"""
FAILED_CHECK = {
    "name": "Gate",
    "status": "FAIL",
    "code": "GATE_DENIED",
    "message": "The gate refuses it.",
    "remedy": "Ask for less.",
}
REPORT = {"status": "FAIL", "expires_at": "2026-03-02T06:05:00Z", "checks": [FAILED_CHECK]}
BEFORE, AT_THE_END = "2026-03-02T06:04:59Z", "2026-03-02T06:05:00Z"


@pytest.mark.parametrize(
    ("report", "now", "said"),
    [
        (None, BEFORE, "not validated It must pass a validation before it can be approved."),
        (
            REPORT,
            BEFORE,
            "validation: FAIL Nothing can be sent. The gate refuses it. Ask for less. GATE_DENIED",
        ),
        (REPORT, AT_THE_END, re.compile("validation is over It ended at .*; validate again.")),
    ],
)
def test_a_validation_is_said_in_words(
    browser: Browser,
    server: Server,
    report: dict[str, object] | None,
    now: str,
    said: str | re.Pattern[str],
) -> None:
    with visit(browser, server) as page:
        told = page.evaluate(LINES, [report, now])
    assert re.fullmatch(re.escape(said) if isinstance(said, str) else said, told)


def test_an_expired_card_says_what_its_turn_came_to(browser: Browser, server: Server) -> None:
    def hasten(route: Route) -> None:
        answer = route.fetch()
        soon = (SystemClock().now() + timedelta(seconds=2)).isoformat()
        route.fulfill(
            response=answer,
            body=re.sub(r'"expires_at":"[^"]+"', f'"expires_at":"{soon}"', answer.text()),
        )

    with visit(browser, server) as page:
        page.route("**/api/v1/chat", hasten)
        turn = say(page, "buy 1 ITC at market, cnc")
        expect(turn.locator(".run-foot")).to_contain_text("awaiting approval")
        expect(turn.locator(".ticket")).to_contain_text("The time to decide is over.")
        expect(turn.locator(".run-foot")).to_contain_text("not executed")


def test_an_account_is_paused_and_let_run_again_with_a_reason(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        page.get_by_text("Pause, drain, stop").click()
        controls = page.locator("#controls")
        controls.get_by_role("button", name="Pause", exact=True).click()
        expect(controls).to_contain_text("Nothing new is opened.")
        go = controls.get_by_role("button", name="Pause the account")
        expect(go).to_be_disabled()
        controls.get_by_label("Why?").fill("lunch")
        go.click()
        expect(page.locator("#state")).to_contain_text("paused")
        expect(page.locator("#state")).to_contain_text("Why: lunch")
        controls.get_by_role("button", name="Resume").click()
        controls.get_by_label("Why?").fill("back at the desk")
        controls.get_by_role("button", name="Let orders run again").click()
        expect(page.locator("#state")).to_be_empty()


def test_a_panic_says_what_it_will_do_and_then_what_it_did(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        sent = posted(page)
        page.get_by_text("Pause, drain, stop").click()
        controls = page.locator("#controls")
        controls.get_by_role("button", name="Panic close").click()
        expect(controls).to_contain_text("a limit exit at most 1 %")
        controls.get_by_label("Why?").fill("something is wrong")
        assert sent == []
        controls.get_by_role("button", name="Close everything now").click()
        expect(page.locator("#panic-told")).to_contain_text(
            re.compile("(Everything|Not everything) is closed")
        )
        expect(page.locator("#state")).to_contain_text("reduce only")
        assert [path for path, _body in sent] == ["/panic"]
        controls.get_by_role("button", name="Resume").click()
        controls.get_by_label("Why?").fill("all is well")
        controls.get_by_role("button", name="Let orders run again").click()
        expect(page.locator("#state")).to_be_empty()
        expect(page.locator("#panic-told")).to_be_empty()


def test_a_viewer_sees_the_book_and_no_button_that_acts(
    browser: Browser, server: Server, outside: Outside
) -> None:
    outside.broker.hold(BOOK, held(SBIN, 9))
    compare(server)

    def as_viewer(route: Route) -> None:
        me = route.fetch().json()
        me["user"]["roles"] = ["viewer"]
        route.fulfill(json=me)

    with visit(browser, server) as page:
        page.route("**/api/v1/me", as_viewer)
        page.reload()
        item = part(page, "Needs you").locator(".exception-item").first
        expect(item).to_be_visible()
        expect(item.get_by_role("button")).to_have_count(0)
        expect(page.locator(".stop-controls")).to_have_count(0)
