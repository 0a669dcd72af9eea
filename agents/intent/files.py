"""Tell whether a message is about a file that a person attached, and what it asks of it.

A closed grammar: a message with words of another kind is left to the parser. The words of the
file itself are never looked at here, and nothing here makes an order.
"""

import re
from typing import Final

from agents.intent.model import (
    FileQuestion,
    FileWish,
    MessageKind,
    ParseContext,
    ParsedMessage,
    QueryTopic,
)
from agents.intent.normalise import read, refusal
from agents.intent.vocabulary import files as said
from riskgate.contracts.files import Comparison

# Why a message that wants a file acted on is refused.
FILE_ORDER: Final = "file_order"
LONGEST: Final = 300


def _any(phrases: str) -> str:
    """Match any of the phrases, the longest first."""
    ordered = sorted(phrases.split("|"), key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, ordered))})"


_NOUN: Final = _any(said.NOUNS)
_POINTED: Final = rf"(?:{_any(said.POINTERS)} )*{_NOUN}(?: {_any(said.GIVEN)})?"
_MENTION: Final = re.compile(rf"\b{_NOUN}\b")
_ENDING: Final = re.compile(rf"(?:^|(?: {_any(said.INSIDE)})? ){_POINTED}$")
_IT_ENDING: Final = re.compile(rf" (?:{_any(said.INSIDE)} )?{_any(said.IT)}$")
_IT: Final = re.compile(rf"\b{_any(said.IT)}\b")
_LEADING: Final = re.compile(rf"^(?:{_any(said.LEADING)} )+")
_BARE_LEADING: Final = re.compile(rf"^(?:{_any(said.LEADING)})(?: {_any(said.LEADING)})*$")
_SHEET: Final = re.compile(
    rf"(?P<rest>.+?)(?: {_any(said.INSIDE)})?(?: the)? sheet (?:called |named |number |no )?"
    r"(?P<sheet>\S.{0,60})"
)
_SHOW: Final = re.compile(rf"(?:{_any(said.SHOWING)}(?: |$))*")
_OPERATORS: Final = {
    phrase: name for name, phrases in said.COMPARISONS for phrase in phrases.split("|")
}
_CLAUSE: Final = (
    rf"{_any(said.WHERE)} (?:the )?(?P<where>\S.{{0,60}}?)"
    rf" (?P<operator>{_any('|'.join(_OPERATORS))}) (?P<value>\S.*)"
)
_COUNT: Final = re.compile(
    rf"(?:{_any(said.COUNTING)} )?(?:the )?(?P<noun>{_any(said.ROWS)})(?: {_any(said.COUNTED)})*"
    rf"(?: {_CLAUSE})?"
)
_ROWS: Final = re.compile(rf"(?:{_any(said.ROWS)} )?(?:{_CLAUSE})")
_ROWS_WITH: Final = re.compile(
    rf"{_any(said.ROWS)} (?:with|having|of|for)(?: (?P<column>\S.{{0,40}}?))? (?P<value>\S+)"
)
_COLUMNS: Final = re.compile(
    rf"(?:{_any(said.COLUMN_TALK)} )*{_any(said.COLUMNS)}(?: {_any(said.COLUMN_TALK)})*"
)
_FIGURE: Final = re.compile(
    r"(?:"
    + "|".join(rf"(?P<{wish.value}>{_any(phrases)})" for wish, phrases in said.FIGURES)
    + r")(?: (?:of|for|in|value of))?(?: (?:the|all|its))*(?P<marked> column)?"
    r" (?P<column>\S.{0,60}?)(?P<marked_after> column| values)?"
    rf"(?: {_CLAUSE})?"
)
_WISHES: Final = {wish.value: wish for wish, _ in said.FIGURES}
_BOOK: Final = "|".join(rf"(?P<{topic.value}>{_any(phrases)})" for topic, phrases in said.BOOKS)
_OF_BOOKS: Final = rf"(?:my |the |our )?(?:current |open |own )?(?:{_BOOK})"
_COMPARE: Final = re.compile(
    rf"(?:does |do |is |are |show |what )*(?:.{{0,40}}?\b)?{_any(said.COMPARING)}\b.{{0,40}}?"
    rf"(?:\b{_any(said.BESIDE)} )?{_OF_BOOKS}(?: .{{0,20}})?"
)
# Nothing is named that is compared: where a file was spoken of, it is that.
_BARE_COMPARE: Final = re.compile(rf"{_any(said.COMPARING)} {_any(said.BESIDE)} {_OF_BOOKS}")
_BOOKS: Final = {topic.value: topic for topic, _ in said.BOOKS}
_ACTING: Final = re.compile(rf"\b{_any(said.ACTING)}\b")
_SIGNS: Final = re.compile(r"\s*(>=|<=|!=|<>|==|[<>=])\s*")


def about_file(message: str, context: ParseContext) -> ParsedMessage | None:
    """Return what a message asks of a file, None where it is about none.

    A message that names a file and wants something done is refused, whether there is a file or
    not.
    """
    if len(message) > LONGEST or refusal(message) is not None:
        return None
    text = _plain(message)
    named = _MENTION.search(text) is not None
    if not named and not context.files:
        return None
    question = _question(text, named=named, now=context.files_named_now)
    if question is not None:
        return asked(question)
    if named and _ACTING.search(text):
        return ParsedMessage(kind=MessageKind.REFUSE, reason=FILE_ORDER)
    return None


def figure_asked(message: str) -> ParsedMessage | None:
    """Return the figure that words ask for which name no file and mean nothing else."""
    found = None if len(message) > LONGEST else _figure(_without_lead(_plain(message)))
    return None if found is None else asked(found)


def asked(question: FileQuestion) -> ParsedMessage:
    """Return a question about a file."""
    return ParsedMessage(kind=MessageKind.QUERY, topic=QueryTopic.FILE, file=question)


def _plain(message: str) -> str:
    reading = read(message)
    text = reading.phrase(0, len(reading.tokens)) if reading.tokens else ""
    return " ".join(_SIGNS.sub(r" \1 ", text).strip(" ?!.,").split())


def _question(text: str, *, named: bool, now: bool) -> FileQuestion | None:
    sheet = None
    of_sheet = _SHEET.fullmatch(text)
    if of_sheet is not None:
        text, sheet, named = of_sheet["rest"], of_sheet["sheet"], True
    rest = _without_lead(_ENDING.sub("", text).strip())
    rest = rest.removeprefix("my ") if named else rest
    of_file = named or now or _IT.search(text) or _BARE_COMPARE.fullmatch(_without_lead(text))
    found = _compared(text) if of_file else None
    found = found or _of_rows(rest) or _of_rows(_IT_ENDING.sub("", rest))
    found = found or _figure(rest, unmarked=named or now)
    if found is None and named and (not rest or _SHOW.fullmatch(rest)):
        found = FileQuestion(wish=FileWish.SHOW)
    return None if found is None else found.model_copy(update={"sheet": sheet})


def _without_lead(text: str) -> str:
    return "" if _BARE_LEADING.fullmatch(text) else _LEADING.sub("", text)


def _of_rows(text: str) -> FileQuestion | None:
    """Read a question about rows and columns, whose words mean nothing else here."""
    if _COLUMNS.fullmatch(text):
        return FileQuestion(wish=FileWish.COLUMNS)
    counts = re.match(rf"{_any(said.COUNTING)}\b", text) or re.fullmatch(
        rf"{_any(said.ROWS)} count", text
    )
    counted = _COUNT.fullmatch(text) if counts else None
    if counted is not None:
        return _wanting(FileWish.COUNT, counted)
    rows = _ROWS.fullmatch(text)
    if rows is not None:
        return _wanting(FileWish.ROWS, rows)
    plainly = _ROWS_WITH.fullmatch(text)
    if plainly is not None:
        return FileQuestion(
            wish=FileWish.ROWS,
            where=plainly["column"] or "symbol",
            comparison=Comparison.IS,
            value=plainly["value"],
        )
    return None


def _wanting(wish: FileWish, found: "re.Match[str]", column: str | None = None) -> FileQuestion:
    if found["where"] is None:
        return FileQuestion(wish=wish, column=column)
    return FileQuestion(
        wish=wish,
        column=column,
        where=found["where"],
        comparison=_OPERATORS[found["operator"]],
        value=found["value"],
    )


def _figure(text: str, *, unmarked: bool = True) -> FileQuestion | None:
    """Read a question for a figure; one that does not say "column" may mean something else."""
    found = _FIGURE.fullmatch(text)
    if found is None or not (unmarked or found["marked"] or found["marked_after"]):
        return None
    wish = next(wish for name, wish in _WISHES.items() if found[name] is not None)
    return _wanting(wish, found, found["column"])


def _compared(text: str) -> FileQuestion | None:
    found = _COMPARE.fullmatch(text)
    if found is None or _ACTING.search(text):
        return None
    against = next(topic for name, topic in _BOOKS.items() if found[name] is not None)
    return FileQuestion(wish=FileWish.COMPARE, against=against)
