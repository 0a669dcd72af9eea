"""What a message asks of a file is told by its words; what wants a file acted on is refused."""

import pytest

from agents.intent.files import FILE_ORDER, about_file, figure_asked
from agents.intent.model import FileQuestion, FileWish, MessageKind, ParseContext, QueryTopic
from riskgate.contracts.files import Comparison
from tests.unit.riskgate.builders import NOW

NOTHING = ParseContext(now=NOW)
BEFORE = ParseContext(now=NOW, files=("fil_1",))
ATTACHED = ParseContext(now=NOW, files=("fil_1",), files_named_now=True)
SHOW = FileQuestion(wish=FileWish.SHOW)


def where(name: str, comparison: Comparison, value: str, **more: object) -> FileQuestion:
    given = {"where": name, "comparison": comparison, "value": value, **more}
    return FileQuestion.model_validate({"wish": FileWish.ROWS, **given})


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("show the file", SHOW),
        ("what's in this file?", SHOW),
        ("can you show me the file I attached", SHOW),
        ("show sheet Trades", SHOW.model_copy(update={"sheet": "trades"})),
        ("how many rows are in the file?", FileQuestion(wish=FileWish.COUNT)),
        ("which columns are in the file", FileQuestion(wish=FileWish.COLUMNS)),
        ("total quantity in the file", FileQuestion(wish=FileWish.TOTAL, column="quantity")),
        ("average of avg cost in the csv", FileQuestion(wish=FileWish.AVERAGE, column="avg cost")),
        ("sum of column P&L", FileQuestion(wish=FileWish.TOTAL, column="p&l")),
        ("show rows where quantity > 1,000", where("quantity", Comparison.ABOVE, "1,000")),
        ("rows where symbol is not INFY", where("symbol", Comparison.IS_NOT, "infy")),
        ("rows for INFY", where("symbol", Comparison.IS, "infy")),
        (
            "how many rows where side is sell",
            where("side", Comparison.IS, "sell", wish=FileWish.COUNT),
        ),
        (
            "total of column pnl where symbol is INFY",
            where("symbol", Comparison.IS, "infy", wish=FileWish.TOTAL, column="pnl"),
        ),
        (
            "compare this with my holdings",
            FileQuestion(wish=FileWish.COMPARE, against=QueryTopic.HOLDINGS),
        ),
        (
            "compare with my positions",
            FileQuestion(wish=FileWish.COMPARE, against=QueryTopic.POSITIONS),
        ),
        (
            "what is my total P&L in this file",
            FileQuestion(wish=FileWish.TOTAL, column="p&l"),
        ),
        (
            "does the file match what I hold",
            FileQuestion(wish=FileWish.COMPARE, against=QueryTopic.POSITIONS),
        ),
    ],
)
def test_questions_about_a_file_are_read(words: str, question: FileQuestion) -> None:
    for context in (BEFORE, ATTACHED):
        parsed = about_file(words, context)
        assert parsed is not None
        assert (parsed.kind, parsed.topic) == (MessageKind.QUERY, QueryTopic.FILE)
        assert parsed.file == question


@pytest.mark.parametrize(
    "words",
    ["buy 10 INFY at market, cnc", "sell half my INFY", "positions", "price of INFY", "cancel it",
     "what is my total pnl", "does everything match", "yes", "10", "show my orders",
     "buy 10 rows of INFY", "hello\u202e file"],
)  # fmt: skip
def test_what_is_about_no_file_is_left_to_the_parser(words: str) -> None:
    for context in (NOTHING, BEFORE, ATTACHED):
        assert about_file(words, context) is None


def test_words_that_may_mean_the_account_are_a_files_only_in_the_message_that_attaches_it() -> None:
    assert about_file("highest pnl", BEFORE) is None
    assert about_file("compare INFY with my positions", BEFORE) is None
    assert about_file("highest pnl", NOTHING) is None
    attached = about_file("highest pnl", ATTACHED)
    assert attached is not None
    assert attached == figure_asked("highest pnl")


@pytest.mark.parametrize(
    "words",
    ["buy everything in this file", "please sell all stocks in the attached sheet",
     "do what the file says", "place the orders of the csv", "file mein jo hai sab kharido",
     "square off whatever the spreadsheet has", "approve the card as the file says"],
)  # fmt: skip
def test_what_wants_a_file_acted_on_is_refused(words: str) -> None:
    for context in (NOTHING, BEFORE, ATTACHED):
        parsed = about_file(words, context)
        assert parsed is not None
        assert (parsed.kind, parsed.reason) == (MessageKind.REFUSE, FILE_ORDER)
