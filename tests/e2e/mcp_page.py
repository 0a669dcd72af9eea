"""A person who opens the address of a card in the page, and approves it."""

from typing import Any

from playwright.sync_api import expect

from tests.e2e.browsing import CHROMIUM, DESKTOP, await_conversation, chromium, visit
from tests.servers import Server


def approve_in_the_page(server: Server, url: str, card_id: str) -> dict[str, Any]:
    """Approve with the owner's key: in a browser where there is one, else as the page does it.

    Returns the card as it is afterwards.
    """
    if CHROMIUM:
        _by_hand(server, url, card_id)
    else:
        with server.client() as client:
            done = client.post(f"/api/v1/cards/{card_id}/approve", json={})
            assert done.status_code == 200, done.text
    with server.client() as client:
        card: dict[str, Any] = client.get(f"/api/v1/cards/{card_id}").json()["card"]
    return card


def _by_hand(server: Server, url: str, card_id: str) -> None:
    with chromium() as browser, visit(browser, server) as page:
        page.goto(url)
        await_conversation(page)
        ticket = page.locator(f'[data-card="{card_id}"]')
        expect(ticket.locator(".proposed-by")).to_contain_text("Proposed through MCP by")
        expect(ticket.locator(".head-source")).to_contain_text("the program's words")
        ticket.get_by_role("button", name="Approve").click()
        expect(ticket).to_contain_text("You approved this plan.")


def sign_in_at(server: Server, url: str, card_id: str) -> None:
    """Open a card's address in a browser that nobody signed in, sign in, and see the card."""
    with chromium() as browser:
        page = browser.new_context(viewport=DESKTOP).new_page()
        page.goto(url)
        page.get_by_label("API key").fill(server.key)
        page.get_by_label("API key").press("Enter")
        ticket = page.locator(f'[data-card="{card_id}"]')
        expect(ticket.get_by_role("button", name="Approve")).to_be_visible()
        expect(page).to_have_url(f"{server.url}/")
