"""Questions about a file that was there when they were asked and is gone when it is read."""

from collections.abc import Mapping

import pytest
from langgraph.runtime import Runtime

from agents.insights.files import not_used_sentence
from agents.intent.model import (
    FileQuestion,
    FileWish,
    MessageKind,
    ParseContext,
    ParsedMessage,
    QueryTopic,
)
from agents.nodes.answer import answer
from agents.state import TurnState
from riskgate.contracts.files import Comparison, FileFacts
from riskgate.contracts.traces import TurnOutcome
from tests.fakes.files import FakeFiles
from tests.fakes.turn import FakeSystem, RecordedEvents, a_context
from tests.unit.riskgate.builders import NOW
from tools.ports import Caller

CONTENT = b"symbol,qty\nINFY,10\n"
COMPARE = FileQuestion(wish=FileWish.COMPARE)
ROWS = FileQuestion(wish=FileWish.ROWS, where="symbol", comparison=Comparison.IS, value="infy")


class VanishingFiles(FakeFiles):
    """Loses a file as soon as it was looked at."""

    async def file(self, caller: Caller, file_id: str) -> FileFacts | None:
        found = await super().file(caller, file_id)
        self.packed.pop(file_id, None)
        return found


async def answered(files: FakeFiles, question: FileQuestion) -> tuple[Mapping[str, object], str]:
    """Return the state that a question about a file leaves and the title of its card."""
    file_id = files.keep(CONTENT)
    events = RecordedEvents()
    context = a_context(
        FakeSystem(files=files),
        events=events,
        parse_context=ParseContext(now=NOW, files=(file_id,), files_named_now=True),
    )
    asked = ParsedMessage(kind=MessageKind.QUERY, topic=QueryTopic.FILE, file=question)
    given = TurnState(message="words", parsed=asked.model_dump(mode="json"))
    state = await answer(given, Runtime(context=context))
    (card,) = events.cards
    return state, card.title


@pytest.mark.parametrize("question", [COMPARE, ROWS])
async def test_a_file_that_is_removed_while_it_is_asked_about_is_said_to_be_gone(
    question: FileQuestion,
) -> None:
    state, title = await answered(VanishingFiles(), question)
    assert (state["outcome"], state["error_code"]) == (TurnOutcome.ANSWERED, "FILE_REMOVED")
    assert "was removed" in str(state["explanations"])
    assert title == "Files"


def test_several_files_that_were_not_used_are_named() -> None:
    assert not_used_sentence(["a.csv", "b.csv"]) == (
        "From your account; the attached files “a.csv”, “b.csv” were not used."
    )


async def test_a_file_that_stays_is_answered_from_without_a_code() -> None:
    state, _ = await answered(FakeFiles(), ROWS)
    assert state["error_code"] is None
    assert "1 row" in str(state["explanations"])
