"""What the command reads: one line for each record, and plain words for people."""

import json

from typer.testing import CliRunner

from app.cli.main import app
from tests.golden.intents.records import FOLDER

RECORDS = [
    line
    for line in (FOLDER / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    if json.loads(line)["id"] in {"u0002", "u0398", "u0288", "u0723"}
]


def test_each_record_is_one_line_in_the_words_of_the_labels() -> None:
    done = CliRunner().invoke(
        app, ["intent", "parse", "--jsonl", "--parser", "offline"], input="\n\n".join(RECORDS)
    )
    assert done.exit_code == 0
    said = {each["id"]: each for each in map(json.loads, done.stdout.splitlines())}
    assert said["u0002"]["predicted"] == {
        "kind": "trade",
        "side": "BUY",
        "symbols": ["TCS"],
        "exchange": "NSE",
        "order_type": "MARKET",
        "quantity": 25,
    }
    assert said["u0398"]["predicted"]["quantity"] == 5
    assert sorted(said["u0288"]["ambiguous"]) == ["GOOG", "GOOGL"]
    assert said["u0288"]["missing"] == ["symbol"]
    assert said["u0723"]["predicted"] == {"kind": "chat"}


def test_a_line_that_is_no_record_stops_with_what_is_wrong() -> None:
    for line in ("{", "[]", '{"id": "x"}', '{"id": 1, "now": "never", "context": {}}'):
        done = CliRunner().invoke(app, ["intent", "parse", "--jsonl"], input=line)
        assert (done.exit_code, done.stdout) == (2, "")


def test_words_are_shown_with_what_each_field_came_from() -> None:
    done = CliRunner().invoke(app, ["intent", "parse", "buy", "10", "infy", "at", "1480"])
    assert done.exit_code == 0
    assert '"limit_price": 1480' in done.stdout
    assert "sizing: from '10'" in done.stdout
    unclear = CliRunner().invoke(app, ["intent", "parse", "buy 10 tata"])
    assert "Not said: symbol." in unclear.stdout
    assert "NSE:TCS" in unclear.stdout


def test_without_words_there_is_nothing_to_read() -> None:
    assert CliRunner().invoke(app, ["intent", "parse"]).exit_code == 2
