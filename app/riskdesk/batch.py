"""Many cases, one a line: each line is answered by one line, whatever it holds."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import BinaryIO, Final

from app.riskdesk.answers import (
    POLICY,
    Answer,
    error_answer,
    faults_of,
    json_text,
    verdict_answer,
)
from riskgate.documents import (
    EXECUTION,
    IDLE,
    INTENT,
    MARKET,
    PORTFOLIO,
    case_of,
    read_documents,
)
from riskgate.errors import PolicyInvalid
from riskgate.judge import Judge
from riskgate.policy import parse_policy_value
from riskgate.reading import (
    MAX_CHARACTERS,
    DocumentFault,
    DocumentInvalid,
    decode_json,
    parse_time,
)
from riskgate.suggest import suggest

CASE: Final = "case"
MOST_JUDGES: Final = 256

_DOCUMENTS: Final = (POLICY, INTENT, PORTFOLIO, MARKET, EXECUTION)
_NEEDED: Final = (POLICY, INTENT, PORTFOLIO, MARKET)


class Judges:
    """The judges of the policies that were seen, so that none is read for every case again."""

    def __init__(self) -> None:
        self._by_text: dict[str, Judge] = {}

    def of(self, policy: object) -> Judge:
        """Return the judge of a decoded policy. Raises PolicyInvalid."""
        text = repr(policy)
        judge = self._by_text.get(text)
        if judge is None:
            judge = Judge(parse_policy_value(policy))
            if len(self._by_text) >= MOST_JUDGES:
                self._by_text.clear()
            self._by_text[text] = judge
        return judge


def answer_lines(
    lines: BinaryIO, write: Callable[[str], None], *, on_line: Callable[[int], None] | None = None
) -> int:
    """Answer every line, in order and each as soon as it was read; return how many there were.

    A line that cannot be judged is answered as INPUT_ERROR. Raises OSError of the stream.
    """
    judges, count = Judges(), 0
    for line in _bounded_lines(lines):
        count += 1
        write(json_text(_answer_line(line, judges)))
        if on_line is not None:
            on_line(count)
    return count


def answer_case(case: object, judges: Judges) -> Answer:
    """Judge one decoded case, or name every fault in it."""
    if not isinstance(case, dict):
        return error_answer(None, [_whole_case("must be an object", "write its keys in braces")])
    case_id = case.get("case_id")
    faults = list(_envelope_faults(case))
    if not (case_id is None or (isinstance(case_id, str | int) and not isinstance(case_id, bool))):
        case_id = None
    at = parse_time(case.get("at"))
    judge = documents = None
    try:
        judge = judges.of(case[POLICY]) if POLICY in case else None
    except PolicyInvalid as error:
        faults += faults_of(error)
    try:
        documents = read_documents(
            intent=case.get(INTENT),
            portfolio=case.get(PORTFOLIO),
            market=case.get(MARKET),
            execution=case.get(EXECUTION, IDLE),
            at=at,
        )
    except DocumentInvalid as error:
        faults += (fault for fault in error.faults if fault.document in case)
    if faults or judge is None or documents is None:
        return error_answer(case_id, faults)
    found = case_of(judge.policy, documents)
    judgement = judge.judge(found.candidate, found.book, found.situation)
    return {"case_id": case_id, **verdict_answer(judgement, suggest(judge, judgement))}


def _answer_line(line: bytes | None, judges: Judges) -> Answer:
    case: object = None
    try:
        case = decode_json(_text(line), CASE)
        return answer_case(case, judges)
    except DocumentInvalid as error:
        return error_answer(None, error.faults)
    except Exception as error:  # noqa: BLE001 # edge: one case beyond the gate must not stop the others
        case_id = case.get("case_id") if isinstance(case, dict) else None
        message = f"could not be judged: {type(error).__name__}"
        return error_answer(case_id, [_whole_case(message, "report it with the case")])


def _text(line: bytes | None) -> str:
    if line is None:
        raise DocumentInvalid([_whole_case("is too long a line", "send it as a smaller case")])
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise DocumentInvalid([_whole_case("is not UTF-8", "write the line as UTF-8")]) from None


def _bounded_lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Yield the lines of a stream; None for one that is too long, which is read past."""
    while line := stream.readline(MAX_CHARACTERS + 1):
        if len(line) <= MAX_CHARACTERS or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_CHARACTERS)
        yield None


def _envelope_faults(case: dict[str, object]) -> Iterator[DocumentFault]:
    """Yield what is wrong with a case beside its documents. Keys of other programs are let be.

    One that looks like a document's is not: a misspelled `execution` would be an idle one.
    """
    for name in _NEEDED:
        if name not in case:
            yield DocumentFault(name, name, "is missing", "add it")
    absent = [name for name in _DOCUMENTS if name not in case]
    for key in case if absent else ():
        near = get_close_matches(key[:100], absent, n=1, cutoff=0.75)
        if key not in _DOCUMENTS and near:
            yield DocumentFault(CASE, key, "is not known", f"did you mean {near[0]}?")
    case_id = case.get("case_id")
    if not isinstance(case_id, str | int | None) or isinstance(case_id, bool):
        yield DocumentFault(CASE, "case_id", "must be text or a whole number", "write it so")
    if case.get("at") is not None and parse_time(case["at"]) is None:
        message = "must be a time with its offset"
        yield DocumentFault(CASE, "at", message, "write it as 2026-03-02T06:00:00Z")


def _whole_case(message: str, remedy: str) -> DocumentFault:
    return DocumentFault(CASE, CASE, message, remedy)
