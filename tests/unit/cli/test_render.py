"""Cards drawn as text, with every fact that the page shows."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from app.cli import render
from app.cli.render import render_card, render_problem, source_text
from app.cli.text import clock, decimal, instrument, money, safe, sign_of
from tests.unit.cli.cards import LEG, ORDER, a_card, a_plan_card, a_question, a_result


def drawn(what: Any, *, width: int = 100) -> str:
    console = Console(file=StringIO(), width=width, color_system=None)
    console.print(what)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def facts(text: str) -> dict[str, str]:
    """Return a ticket's rows by their label."""
    rows = [line.strip("│ \n") for line in text.splitlines() if line.startswith("│")]
    parts = [row.split("  ", 1) for row in rows]
    return {part[0]: " ".join(part[1].split()) for part in parts if len(part) == 2}


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("0", "INR", "0"),
        ("999", "INR", "999"),
        ("1000", "INR", "1,000"),
        ("12345678.5", "INR", "1,23,45,678.5"),
        ("12345678.5", "USD", "12,345,678.5"),
        ("-100000", "INR", "-1,00,000"),
        ("1234567890123456789012.10", "USD", "1,234,567,890,123,456,789,012.10"),
        (None, "INR", "–"),
        ("soon", "INR", "soon"),
        ("1.", "INR", "1."),
        ("1e5", "INR", "1e5"),
    ],
)
def test_decimals_are_grouped_on_their_digits(value: Any, currency: str, shown: str) -> None:
    assert decimal(value, currency=currency) == shown


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("15023.5", "INR", "₹15,023.50"),
        ("-15023.5", "INR", "-₹15,023.50"),
        ("1502.345", "INR", "₹1,502.345"),
        ("1500", "USD", "$1,500.00"),
        ("7", "EUR", "EUR 7.00"),
        (None, "INR", "–"),
    ],
)
def test_money_has_its_sign_and_loses_no_digit(value: Any, currency: str, shown: str) -> None:
    assert money(value, currency) == shown


@pytest.mark.parametrize(
    ("value", "sign"), [("3", 1), ("-0.01", -1), ("-0.00", 0), ("0", 0), (None, 0)]
)
def test_a_gain_a_loss_and_neither_are_told_apart(value: Any, sign: int) -> None:
    assert sign_of(value) == sign


def test_times_are_shown_in_india_and_other_texts_stay() -> None:
    assert clock("2026-01-05T04:30:00.000000Z") == "10:00:00 IST"
    assert clock("2026-01-05T04:30:00") == "10:00:00 IST"
    assert clock("later") == "later"
    assert clock(None) == "–"


def test_instruments_are_named_alike_from_both_shapes() -> None:
    assert instrument("NSE:INFY") == "NSE:INFY"
    assert instrument({"exchange": "NSE", "tradingsymbol": "INFY"}) == "NSE:INFY"


def test_a_ticket_shows_each_value_beside_where_it_came_from() -> None:
    text = drawn(render_card(a_plan_card()))
    shown = facts(text)
    assert shown["Side"] == "BUY your words “buy”"
    assert shown["Instrument"] == "NSE:INFY your words “INFY” · Infosys Ltd"
    assert shown["Quantity"] == "10 your words “10” · quantity 10"
    assert shown["Product"] == "CNC account default: CNC"
    assert shown["Order"] == "MARKET"
    assert shown["Notional"] == "₹15,023.50"
    assert shown["Stop"] == "₹1,472.30"
    assert shown["Loss at stop"] == "₹300.50 0.03 % of equity"
    assert shown["Mode"] == "PAPER"
    assert "Target" not in shown
    assert "waiting for you until 10:05:00 IST" in text
    assert "last ₹1,502.35 · bid ₹1,502.30 · ask ₹1,502.40 · simulated · 10:00:00 IST" in text
    assert "• Prices are simulated, not a live market." in text
    assert "Risk gate ALLOW, 1 figures checked, policy aaaaaaaaaaaa" in text


def test_a_ticket_of_several_legs_lists_them_and_their_slices() -> None:
    other = LEG | {"instrument": "NSE:TCS", "quantity": "1800", "slices": ["1000", "800"]}
    text = drawn(render_card(a_plan_card(legs=[LEG, other])), width=140)
    assert "BUY 2 instruments" in text
    assert "NSE:TCS goes out in 2: 1,000 + 800" in text
    assert [line for line in text.splitlines() if "NSE:TCS" in line and "1,800" in line]


def test_a_decided_ticket_says_what_became_of_it() -> None:
    text = drawn(render_card(a_plan_card(status="EXPIRED")))
    assert "expired" in text
    assert "waiting for you" not in text


def test_a_ticket_fits_a_narrow_terminal() -> None:
    assert max(map(len, drawn(render_card(a_plan_card()), width=60).splitlines())) <= 60


def test_choices_are_lettered_so_that_no_number_picks_one() -> None:
    choices = [{"value": "NSE:TATASTEEL", "label": "Tata Steel Ltd"}, "NSE:TATAPOWER"]
    text = drawn(render_card(a_question("Which one do you mean?", choices)))
    assert "Which one do you mean?" in text
    assert "a) NSE:TATASTEEL  Tata Steel Ltd" in text
    assert "b) NSE:TATAPOWER" in text


def test_a_veto_lists_rules_remedies_and_what_would_pass() -> None:
    violation = {
        "rule_id": "ORD-003",
        "severity": "HIGH",
        "message": "The order is too large.",
        "remedy": "Ask for less.",
        "limit": "200000",
        "actual": "150235000",
    }
    fields = {
        "verdict": "DENY",
        "violations": [violation],
        "would_pass": [{"leg": 0, "quantity": "133", "text": "quantity 133, in 12 s"}],
        "kill_switch": "The kill switch was set to HALTED.",
    }
    text = drawn(render_card(a_card("veto", fields, title="Not allowed")))
    assert "ORD-003  The order is too large." in text
    assert "→ Ask for less." in text
    assert "Would pass: quantity 133, in 12 s." in text
    assert "! The kill switch was set to HALTED." in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "✓ reconciled"),
        ({"reconciled": False, "differences": ["INFY is short by 3"]}, "✗ INFY is short by 3"),
        ({"reconciled": False}, "not compared with the broker yet"),
        ({"orders": []}, "No order was sent."),
    ],
)
def test_a_result_says_how_the_orders_and_the_books_stand(
    changes: dict[str, Any], said: str
) -> None:
    assert said in drawn(render_card(a_result(**changes)))


def test_a_result_shows_fills_and_reasons() -> None:
    rejected = ORDER | {
        "state": "REJECTED",
        "reason": "no margin",
        "filled_quantity": "0",
        "average_price": None,
        "order_type": "SL",
        "limit_price": "1500",
        "trigger_price": "1499.5",
    }
    text = drawn(render_card(a_result(orders=[ORDER, rejected])), width=120)
    assert "10 of 10   ₹1,502.40   filled" in text
    assert "SL ₹1,500.00 trigger ₹1,499.50 CNC" in text
    assert "rejected (no margin)" in text


def test_an_insight_shows_its_tables_money_and_warning() -> None:
    position = {
        "instrument": "NSE:INFY",
        "product": "CNC",
        "quantity": "10",
        "average_price": "1502.4",
        "last": "1510",
        "unrealised_pnl": "76",
    }
    fields = {
        "positions": [position, position | {"unrealised_pnl": "-818.75"}],
        "margins": {"currency": "USD", "available": "900", "used": "100", "equity": "1000"},
        "warning": "The broker does not answer.",
    }
    text = drawn(render_card(a_card("insight", fields)))
    assert "! The broker does not answer." in text
    assert "+$76.00" in text
    assert "-$818.75" in text
    assert "$1,000.00" in text


def test_a_quote_names_no_currency_it_does_not_know() -> None:
    quote = {
        "instrument": "NASDAQ:AAPL",
        "last": "190.5",
        "bid": None,
        "ask": "190.55",
        "source": "REPLAY",
        "as_of": "2026-01-05T04:30:00Z",
    }
    text = drawn(render_card(a_card("insight", {"quotes": [quote]})))
    row = next(line for line in text.splitlines() if "AAPL" in line)
    assert " ".join(row.strip("│ ").split()) == "NASDAQ:AAPL 190.50 – 190.55 replay 10:00:00 IST"


def test_empty_and_unknown_parts_are_said_plainly() -> None:
    fields = {"orders": [], "help": "Say more.", "odd": ["a", "b"], "plain": "text", "none": None}
    text = drawn(render_card(a_card("exception", fields)))
    assert "No orders." in text
    assert "Say more." in text
    assert "odd: a, b" in text
    assert "plain: text" in text
    assert "none" not in text


def test_exceptions_say_how_severe_they_are() -> None:
    row = {"exception_id": "exc_1", "kind": "ORDER_LOST", "severity": "H", "message": "Look."}
    text = drawn(render_card(a_card("insight", {"exceptions": [row]})))
    assert "Look." in text
    assert "order lost" in text
    assert "high" in text


def test_text_from_outside_cannot_repaint_the_terminal() -> None:
    assert safe("10\u200b0 \u200f20\u2028x") == "100 20x"
    assert safe("a\x1b[2Jb\x9b1mc\u202ed\u2066e\nf\tg") == "a[2Jb1mcde f g"
    card = a_plan_card(fields={"notes": ["\x1b[31m[bold red]owned[/]"]})
    text = drawn(render_card(card))
    assert "\x1b" not in text
    assert "[bold red]owned[/]" in text


def test_a_problem_says_what_to_do_and_its_code() -> None:
    text = drawn(
        render_problem(message="no key", code="UNAUTHORIZED", remedy="Send one.", request_id="r1")
    )
    assert text.splitlines() == ["no key", "Send one.", "UNAUTHORIZED  request r1"]


def test_the_plan_is_said_in_the_fewest_words() -> None:
    assert render.what_is_sent(a_plan_card()) == "BUY 10 NSE:INFY"


def test_a_market_order_with_a_limit_shows_both_what_was_said_and_what_is_sent() -> None:
    note = (
        "The broker takes no market order here: sent as a limit order at 1509.85, 0.5 % beyond the"
        " ask; what does not fill rests until the close or you cancel it."
    )
    card = a_plan_card(legs=[LEG | {"limit_price": "1509.85"}])
    card["fields"] |= {"order_type": "LIMIT", "notes": [note]}
    card["provenance"] |= {
        "order_type": {"source": "user_span", "text": "at market", "start": 12, "end": 21},
        "limit_price": {"source": "policy_default", "text": "market protection, within"},
    }
    text = drawn(render_card(card))
    said = facts(text)
    assert said["Order"] == "LIMIT your words “at market”"
    assert said["Limit"] == "₹1,509.85 market protection, within"
    assert " ".join(text.replace("│", "").split()).count(note) == 1


def test_a_card_that_a_program_asked_for_says_so_and_whose_words_they_are() -> None:
    card = a_plan_card()
    said_by = {"channel": "mcp", "client": "claude 1.0", "user": "owner"}
    spans = {name: {**one, "source": "client_span"} for name, one in card["provenance"].items()}
    shown = drawn(
        render_card(
            {
                **card,
                "fields": {**card["fields"], "proposed_by": said_by},
                "provenance": spans,
            }
        )
    )
    assert (
        "Proposed through MCP by “claude 1.0” in the name of owner: its words, not yours." in shown
    )
    assert "the program's words “buy”" in shown
    assert "your words" not in shown


def test_a_programs_card_that_a_person_changed_says_that_some_words_are_theirs() -> None:
    card = a_plan_card()
    spans = {name: {**one, "source": "client_span"} for name, one in card["provenance"].items()}
    spans["sizing"] = card["provenance"]["sizing"]
    said_by = {"channel": "mcp", "client": "claude 1.0", "user": "owner"}
    fields = {**card["fields"], "proposed_by": said_by}
    shown = drawn(render_card({**card, "fields": fields, "provenance": spans}))
    assert "in the name of owner: its words," in shown
    assert "except where the card says yours." in " ".join(shown.replace("│", "").split())
    assert "its words, not yours" not in shown


def test_what_was_chosen_in_the_page_is_said_to_be_chosen() -> None:
    assert source_text({"source": "ui", "text": "NSE:INFY"}) == "chosen by you"
    assert source_text({"source": "user_span", "text": "INFY"}) == "your words “INFY”"
