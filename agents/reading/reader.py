"""Who reads a message for a turn: a parser, its grounding, and what the person is then asked."""

from dataclasses import dataclass
from typing import Final, Protocol

from agents.intent.answer import is_only_yes
from agents.intent.grounding import Ground, grounded
from agents.intent.model import IntentParser, MessageKind, ParseContext, ParsedMessage
from agents.intent.tag import Item
from agents.reading.model_port import Shows, TurnModel
from tools.ports import InstrumentDirectory

OFFLINE: Final = "offline"
# What is missing of a trade that a model read out of unclear words: a person's yes to the reading.
MEANING: Final = "meaning"


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A message read and grounded. `by` says who decided it; `question` asks for what a person
    must confirm where the usual question would not do; `notes` are for the trace. `wants_more`
    says that the model would like to see more of the portfolio than it may."""

    parsed: ParsedMessage
    by: str = OFFLINE
    question: str | None = None
    notes: tuple[str, ...] = ()
    wants_more: bool = False


class MessageReader(Protocol):
    """Reads messages; whatever it uses, an unclear message is a question and never a trade."""

    async def read(
        self, message: str, context: ParseContext, model: TurnModel, looker: Shows
    ) -> Understood:
        """Return what the message says; a model that is down changes nothing but the question."""
        ...


class WordParser(IntentParser, Protocol):
    """A parser that can show how it cut a message."""

    def items(self, message: str, context: ParseContext) -> tuple[Item, ...]: ...


class OfflineReader:
    """Reads by our own tables alone; implements MessageReader."""

    def __init__(self, parser: WordParser, directory: InstrumentDirectory) -> None:
        self._parser = parser
        self._directory = directory

    async def read(
        self,
        message: str,
        context: ParseContext,
        model: TurnModel,  # noqa: ARG002
        looker: Shows,  # noqa: ARG002
    ) -> Understood:
        """Return the parser's reading, grounded."""
        return Understood(parsed=self.parse(message, context))

    def parse(self, message: str, context: ParseContext) -> ParsedMessage:
        """Read a message, or take a plain yes for the reading that was asked about."""
        items = self.items(message, context)
        confirmed = confirmed_reading(items, context)
        if confirmed is not None:
            return confirmed
        parsed = self._parser.parse(message, context)
        return grounded(parsed, Ground.of(message, items, self._directory, context))

    def items(self, message: str, context: ParseContext) -> tuple[Item, ...]:
        """Return the pieces of a message with all they may mean."""
        return self._parser.items(message, context)


def confirmed_reading(items: tuple[Item, ...], context: ParseContext) -> ParsedMessage | None:
    """Return the trade whose reading a person was shown, when they now say yes to it."""
    draft = context.draft
    if draft is None or draft.missing != (MEANING,):
        return None
    if not is_only_yes(items):
        return None
    return ParsedMessage(kind=MessageKind.TRADE, trades=(draft.trade,))
