"""A person's hands at the page: open it, say something, wait for the answer."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.servers import Server

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
DESKTOP: ViewportSize = {"width": 1280, "height": 860}
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)

# Far above what a page needs: a busy machine is no fault of the page.
WAIT_MAX_MS = 60_000
expect.set_options(timeout=WAIT_MAX_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser that says nothing to the outside."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield opened
        opened.close()


@contextmanager
def visit(
    browser: Browser, server: Server, *, size: ViewportSize = DESKTOP, key: str | None = None
) -> Iterator[Page]:
    """Open the page signed in; every error in the page's console fails the test."""
    context = browser.new_context(viewport=size)
    context.set_default_timeout(WAIT_MAX_MS)
    page = context.new_page()
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # The browser itself reports every failed request; the tests look at what the page says.
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server.url}/#key={key or server.key}")
    await_conversation(page)
    yield page
    context.close()
    assert errors == []


def await_conversation(page: Page) -> None:
    """Wait until the page has shown what the server knows, or the sign-in form."""
    expect(page.locator("#desk, #sign-in").filter(visible=True)).to_be_visible()
    expect(page.locator("#turns")).not_to_have_attribute("aria-busy", "true")


def say(page: Page, words: str) -> Locator:
    """Send a message with the keyboard and return its turn once its run is over."""
    turns = page.locator(".turn")
    known = turns.count()
    box = page.get_by_label("Message", exact=True)
    box.fill(words)
    box.press("Enter")
    expect(turns).to_have_count(known + 1)
    turn = turns.nth(known)
    expect(turn.locator(".run").last).not_to_have_attribute("aria-busy", "true")
    return turn
