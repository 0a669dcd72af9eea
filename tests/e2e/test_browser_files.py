"""Files at the page: attached by button, keys and drop, shown as text, refused in plain words."""

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.e2e.browsing import CHROMIUM, await_conversation, say, visit
from tests.servers import Server
from tests.workbooks import a_workbook

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")

TRADES = (
    b"symbol,side,quantity,note\n"
    b"INFY,buy,10,<img src=x onerror=alert(1)>\n"
    b"TCS,sell,5,=1+1\n"
    b"SBIN,buy,7,\xe2\x80\xaetxet neddih\n"
)


def csv(name: str = "my trades.csv", content: bytes = TRADES) -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": content}


def attach(page: Page, file: FilePayload) -> None:
    """Choose a file as a person does who clicked the button, and wait until it was read."""
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Attach a file").click()
    chosen.value.set_files([file])
    expect(page.locator(".composer .file-chip[aria-busy]")).to_have_count(0)


def drop(page: Page, name: str, text: str) -> None:
    """Drop a file on the message box."""
    data = page.evaluate_handle(
        "([name, text]) => { const data = new DataTransfer();"
        " data.items.add(new File([text], name, {type: 'text/csv'})); return data; }",
        [name, text],
    )
    page.dispatch_event("#composer", "drop", {"dataTransfer": data})


def test_a_file_is_attached_shown_and_asked_about(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        attach(page, csv())
        expect(page.locator(".composer .file-chip")).to_contain_text("my trades.csv")
        expect(page.get_by_label("Message", exact=True)).to_be_focused()
        turn = say(page, "show the file")
        expect(turn.locator(".files .file-chip")).to_have_text("my trades.csv3 rows")
        expect(page.locator(".composer .file-chip")).to_have_count(0)
        card = turn.locator(".card.insight")
        expect(card.locator(".file-head .chip")).to_have_text("file")
        expect(card.locator("thead")).to_contain_text("quantity")
        expect(card.locator("tbody tr")).to_have_count(3)
        expect(card.locator("tbody")).to_contain_text("<img src=x onerror=alert(1)>")
        expect(card.locator("tbody")).to_contain_text("=1+1")
        assert card.locator("tbody img").count() == 0
        assert "\u202e" not in card.inner_text()
        expect(card).to_contain_text("Evidence (1)")
        page.reload()
        await_conversation(page)
        expect(page.locator(".turn").first.locator(".files .file-chip")).to_have_text(
            "my trades.csv"
        )
        total = say(page, "total of quantity in the file")
        expect(total.locator(".card")).to_contain_text("22")
        refused = say(page, "buy everything in this file")
        expect(refused).to_contain_text("each order must be in your own")
        expect(refused.locator(".ticket")).to_have_count(0)


def test_the_rows_of_a_wide_file_stay_within_their_card(browser: Browser, server: Server) -> None:
    names = ",".join(f"a long column name {at}" for at in range(30))
    with visit(browser, server) as page:
        attach(page, csv("wide.csv", f"{names}\n{','.join(['12345.678'] * 30)}\n".encode()))
        rows = say(page, "show the file").locator(".file-rows")
        expect(rows).to_be_visible()
        inside = rows.evaluate(
            "rows => rows.scrollWidth > rows.clientWidth && rows.getBoundingClientRect().right"
            " <= rows.closest('.card').getBoundingClientRect().right"
        )
    assert inside is True


def test_a_file_is_taken_off_again_and_sent_without_words(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        attach(page, csv("first.csv", b"a,b\n1,2\n"))
        page.get_by_role("button", name="Do not attach first.csv").click()
        expect(page.locator(".composer .file-chip")).to_have_count(0)
        expect(page.get_by_role("button", name="Send")).to_be_disabled()
        drop(page, "dropped.csv", "c,d\n3,4\n")
        expect(page.locator(".composer .file-chip")).to_contain_text("dropped.csv1 row")
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".turn").last.locator(".card")).to_contain_text("dropped.csv")


def test_a_workbook_is_attached_with_the_keyboard(browser: Browser, server: Server) -> None:
    book = a_workbook({"Holdings": [["Symbol", "Qty"], ["INFY", 3]], "Old": [["x", "y"], [1, 2]]})
    with visit(browser, server) as page:
        button = page.get_by_role("button", name="Attach a file")
        with page.expect_file_chooser() as chosen:
            button.focus()
            # Asked of the page, so that the browser heeds choosers by the time the key comes.
            expect(button).to_be_focused()
            page.keyboard.press("Enter")
        chosen.value.set_files([csv("book.xlsx", book)])
        expect(page.locator(".composer .file-chip")).to_contain_text("book.xlsx2 rows")
        card = say(page, "what is in this file").locator(".card.insight")
        expect(card).to_contain_text("Holdings (1), Old (1)")


def test_what_cannot_be_attached_says_why(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        problem = page.locator("#file-problem")
        attach(page, csv("notes.pdf", b"%PDF-1.7"))
        expect(problem).to_contain_text("“notes.pdf” is no .csv or .xlsx file.")
        attach(page, csv("huge.csv", b"a,b\n" + b"1,2\n" * (4 * 1024 * 1024)))
        expect(problem).to_contain_text("a file may have 15 MB")
        attach(page, csv("broken.csv", b'a,b\n"x,1\ny,2\n'))
        expect(problem).to_contain_text("FILE_CSV_BROKEN")
        expect(problem).to_contain_text("Correct the quotation marks")
        expect(page.locator(".composer .file-chip")).to_have_count(0)
        attach(page, csv("good.csv", b"a,b\n1,9\n"))
        expect(problem).to_be_hidden()
