"""The parser that needs no model, no key and no network."""

from agents.intent.answer import Answerer
from agents.intent.decide import CHAT, Decider
from agents.intent.model import ParseContext, ParsedMessage
from agents.intent.normalise import read, refusal
from agents.intent.tag import tag
from tools.ports import InstrumentDirectory


class OfflineParser:
    """Reads a message by tables of words; implements agents.intent.model.IntentParser.

    The same message in the same context always gives the same answer, no message raises, and a
    message with any word that fits nowhere is a question.
    """

    def __init__(self, directory: InstrumentDirectory) -> None:
        self._directory = directory

    @property
    def name(self) -> str:
        return "offline"

    def parse(self, message: str, context: ParseContext) -> ParsedMessage:
        """Say what a message is for; spans in its drafts point into this very message."""
        refused = refusal(message)
        if refused is not None:
            return CHAT.model_copy(update={"problems": (refused,)})
        items = tag(read(message), self._directory.names())
        if context.draft is not None:
            answered = Answerer(message, self._directory, context, context.draft).answer(items)
            if answered is not None:
                return answered
        return Decider(message, self._directory, context).decide(items)
