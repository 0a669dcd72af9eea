"""A plan drawn in lines of text: the places follow the figures, and the figures are exact."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console, RenderableType

from app.cli import charts
from app.cli.render import render_card
from tests.unit.cli.cards import LEG, Json, a_card, a_plan_card

STOPPED = LEG | {"reference_price": "1000", "stop_price": "990", "target_price": "1030"}
COST: Json = {
    "currency": "INR",
    "rates_on": "2026-03-02",
    "turnover": "15023.5",
    "lines": [{"charge": "stt", "amount": "15.02"}, {"charge": "gst", "amount": "0.06"}],
    "total": "15.08",
    "leaving": "31.2",
    "breakeven_price": "1507.1",
}


def drawn(parts: list[RenderableType], width: int = 100) -> list[str]:
    console = Console(file=StringIO(), width=width, color_system=None)
    console.print(*parts, sep="\n")
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def row(of: str, before: str, after: str, limit: str | None = None, **more: Any) -> Json:
    return {"of": of, "instrument": None, "before": before, "after": after, "limit": limit, **more}


def exposed(*rows: Json) -> list[str]:
    exposure = {"currency": "INR", "equity": "1000000", "rows": list(rows)}
    return drawn(charts.exposures(a_card("veto", {"exposure": exposure})))


def test_stop_entry_and_target_stand_where_their_prices_are() -> None:
    line, said = drawn(charts.levels(a_plan_card(legs=[STOPPED]), "INR"))
    assert (len(line), line[0], line[-1]) == (charts.LINE, "S", "T")
    assert line.index("E") == (charts.LINE - 1) * 10 // 40
    assert said == "stop ₹990.00 · entry ₹1,000.00 · target ₹1,030.00"


def test_a_short_is_drawn_the_other_way_round() -> None:
    short = LEG | {"reference_price": "1000", "stop_price": "1010", "target_price": "970"}
    line, said = drawn(charts.levels(a_plan_card(legs=[short]), "INR"))
    assert (line[0], line[-1]) == ("T", "S")
    assert said.startswith("target ₹970.00 · entry")


def test_a_limit_beyond_the_entry_is_one_more_price() -> None:
    leg = LEG | {"reference_price": "1000", "stop_price": None, "limit_price": "1005"}
    assert drawn(charts.levels(a_plan_card(legs=[leg]), "INR"))[1] == (
        "entry ₹1,000.00 · limit ₹1,005.00"
    )


@pytest.mark.parametrize(
    "legs",
    [
        [LEG | {"stop_price": None}],
        [LEG | {"stop_price": None, "limit_price": LEG["reference_price"]}],
        [STOPPED, STOPPED],
        [LEG | {"reference_price": "soon"}],
    ],
    ids=["entry alone", "limit is the entry", "two legs", "no figure"],
)
def test_where_there_is_nothing_to_compare_nothing_is_drawn(legs: list[Json]) -> None:
    assert charts.levels(a_plan_card(legs=legs), "INR") == []


def test_what_is_at_risk_is_drawn_against_its_limit() -> None:
    infy = {"exchange": "NSE", "tradingsymbol": "INFY"}
    whole, part = exposed(
        row("GROSS", "250000", "500000", "1000000"),
        row(
            "POSITION",
            "0",
            "240000",
            "240000",
            instrument=infy,
        ),
    )
    assert whole == (
        f"All positions {'█' * 6}{'▓' * 6}{'░' * 12} ₹2,50,000.00 → ₹5,00,000.00 of ₹10,00,000.00"
    )
    assert part == f"NSE:INFY      {'▓' * 24} ₹0.00 → ₹2,40,000.00 of ₹2,40,000.00"


def test_an_exit_shows_what_it_takes_away_and_a_little_is_never_nothing() -> None:
    less, little = exposed(row("GROSS", "1000", "500"), row("NET", "0", "1.005", "1000000"))
    assert less == f"All positions {'█' * 12}{'▓' * 12} ₹1,000.00 → ₹500.00"
    assert little.startswith(f"Net of shorts ▓{'░' * 23} ₹0.00 → ₹1.01")


def test_a_net_without_a_limit_says_nothing_new_and_is_left_out() -> None:
    assert exposed(row("NET", "0", "1")) == [""]


def test_nothing_is_drawn_of_a_card_of_an_older_release() -> None:
    card = a_plan_card(legs=[LEG | {"stop_price": None}])
    assert (charts.exposures(card), charts.charges(card)) == ([], [])
    assert "Charges" not in "\n".join(drawn([render_card(card)]))


def test_every_line_of_the_bill_is_written_and_its_total_is_a_fact() -> None:
    card = a_plan_card()
    card["fields"] |= {"cost": COST, "gain_at_target": "300"}
    text = "\n".join(drawn([render_card(card)]))
    assert "Charges: STT ₹15.02 · GST ₹0.06; rates of 2026-03-02" in text
    for said in (
        "Charges          ₹15.08         ₹31.20 more to leave again",
        "Break-even       ₹1,507.10      after all charges",
        "Gain at target   ₹300.00",
    ):
        assert " ".join(said.split()) in " ".join(text.split())


def test_a_refused_plan_shows_what_it_would_have_put_at_risk() -> None:
    exposure = {"currency": "INR", "rows": [row("GROSS", "0", "20", "10")]}
    fields = {"violations": [], "would_pass": [], "exposure": exposure}
    assert "₹0.00 → ₹20.00 of ₹10.00" in "\n".join(drawn([render_card(a_card("veto", fields))]))
