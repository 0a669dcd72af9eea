"""A person logs in at Kite from the page, sees it, and logs out, in a real Chromium."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsing import CHROMIUM, say, visit
from tests.fakes.kite_standin import KiteStandin
from tests.kite_beside import kite_beside
from tests.servers import Server, running_server

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def kite() -> Iterator[KiteStandin]:
    with kite_beside() as serving:
        yield serving


@pytest.fixture(scope="module")
def served(kite: KiteStandin) -> Iterator[Server]:
    with running_server(BROKER="kite_mcp", KITE_MCP_URL=kite.url) as running:
        yield running


@pytest.fixture
def server(served: Server) -> Iterator[Server]:
    """The server of this module, where nobody is logged in at Kite."""
    yield served
    with served.client() as client:
        assert client.post("/api/v1/connections/kite/logout", json={}).status_code == 200


def box(page: Page) -> Locator:
    return page.locator("#connection")


def finish(page: Page, button: Locator) -> None:
    """Press a button that opens Kite's page in a new tab, and log in there."""
    with page.context.expect_page() as opened:
        button.click()
    tab = opened.value
    assert tab.evaluate("window.opener") is None
    tab.get_by_role("link", name=re.compile("Asha Bose")).click()
    expect(tab.get_by_role("heading")).to_contain_text("Login Successful")
    tab.close()


def test_a_person_logs_in_from_a_card_and_out_from_the_panel(
    browser: Browser, server: Server, kite: KiteStandin
) -> None:
    ended = kite.times_asked("DELETE", "/mcp")
    with visit(browser, server) as page:
        expect(box(page)).to_contain_text("not logged in")
        expect(page.locator("#banner")).to_contain_text("KITE")
        turn = say(page, "positions")
        card = turn.locator(".card.connect")
        expect(card).to_contain_text("Nobody is logged in at Kite.")
        finish(page, card.get_by_role("button", name="Log in at Kite"))
        expect(box(page)).to_contain_text("Logged in at Kite as Asha Bose until")
        expect(box(page).locator("a")).to_have_count(0)
        expect(say(page, "positions").locator(".card.insight")).to_contain_text("No positions.")

        box(page).get_by_role("button", name="Log out").click()
        expect(box(page)).to_contain_text("nobody here looks after them")
        box(page).get_by_role("button", name="Log out of Kite").click()
        expect(box(page)).to_contain_text("Nobody is logged in at Kite.")
        assert kite.times_asked("DELETE", "/mcp") == ended + 1


def test_a_link_that_waits_stays_on_the_page_and_a_reload_offers_a_fresh_one(
    browser: Browser, server: Server
) -> None:
    with visit(browser, server) as page:
        with page.context.expect_page() as opened:
            box(page).get_by_role("button", name="Log in at Kite").click()
        opened.value.close()
        link = box(page).get_by_role("link", name="Open Kite's login page")
        assert link.get_attribute("rel") == "noopener noreferrer"
        page.get_by_role("button", name="Refresh").click()
        expect(link).to_be_visible()
        page.reload()
        expect(box(page)).to_contain_text("waiting for you")
        expect(box(page).locator("a")).to_have_count(0)
        finish(page, box(page).get_by_role("button", name="Get a fresh link"))
        expect(box(page)).to_contain_text("Logged in at Kite as Asha Bose")


def test_who_may_not_log_in_is_told_who_may(browser: Browser, server: Server) -> None:
    made = server.command("user", "create", "vera", "--role", "viewer")
    key = made.stdout.split("API key: ")[1].strip()
    with visit(browser, server, key=key) as page:
        expect(box(page)).to_contain_text("A trader or an admin can log in.")
        expect(box(page).get_by_role("button")).to_have_count(0)
        card = say(page, "is kite connected?").locator(".card.connect")
        expect(card).to_contain_text("Nobody is logged in at Kite.")
        expect(card.get_by_role("button")).to_have_count(0)
