"""The parser that needs no model, no key and no network."""

from agents.intent.answer import CHAT, Answerer
from agents.intent.beside import read_beside
from agents.intent.chosen import about_chosen
from agents.intent.contracts import Contracts
from agents.intent.dates import with_day
from agents.intent.decide import Decider
from agents.intent.expiries import TradingDays, weekdays_only
from agents.intent.fullnames import with_full_names
from agents.intent.halting import halting
from agents.intent.model import MessageKind, ParseContext, ParsedMessage
from agents.intent.names import Speller
from agents.intent.normalise import Reading, read, refusal
from agents.intent.problems import problem
from agents.intent.refuse import refused_because
from agents.intent.spans import is_deceptive
from agents.intent.tag import Item, tag
from agents.intent.times import ZONES
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.intents import SizingMethod
from riskgate.contracts.orders import Side
from tools.ports import InstrumentDirectory


class OfflineParser:
    """Reads a message by tables of words; implements agents.intent.model.IntentParser.

    The same message in the same context always gives the same answer, no message raises, and a
    message with any word that fits nowhere is a question. `trades_on` says on which days an
    exchange trades; without it every weekday is one.
    """

    def __init__(
        self, directory: InstrumentDirectory, trades_on: TradingDays = weekdays_only
    ) -> None:
        self._directory = directory
        self._trades_on = trades_on
        self._speller = Speller(directory.names())

    @property
    def name(self) -> str:
        return "offline"

    def parse(self, message: str, context: ParseContext) -> ParsedMessage:
        """Say what a message is for; spans in its drafts point into this very message."""
        refused = refusal(message)
        if refused is not None:
            return CHAT.model_copy(update={"problems": (refused,)})
        reading = read(message)
        why = refused_because(reading)
        if why is not None:
            return ParsedMessage(kind=MessageKind.REFUSE, reason=why)
        halt = halting(reading)
        if halt is not None:
            return halt
        items = self._items(reading, context)
        answer = self._answer(reading, items, context)
        if answer.kind in DECIDING and is_deceptive(message):
            return deceptive(message)
        return cooled(about_chosen(answer, items, context), items)

    def items(self, message: str, context: ParseContext) -> tuple[Item, ...]:
        """Return the pieces of a message as this parser reads them."""
        return self._items(read(message), context)

    def _items(self, reading: Reading, context: ParseContext) -> tuple[Item, ...]:
        names = self._directory.names()
        if names is not self._speller.names:
            self._speller = Speller(names)
        spelt = self._speller.spelt(tag(reading, names), reading.message)
        spelt = with_full_names(spelt, self._directory, reading.message)
        spelt = read_beside(spelt)
        contracts = Contracts(reading.message, self._directory, context, self._trades_on)
        zone = ZONES.get(context.currency)
        named = contracts.named(spelt)
        return named if zone is None else with_day(named, context.now.astimezone(zone))

    def _answer(
        self, reading: Reading, items: tuple[Item, ...], context: ParseContext
    ) -> ParsedMessage:
        message = reading.message
        if context.draft is not None:
            answered = Answerer(message, self._directory, context, context.draft).answer(items)
            if answered is not None:
                return answered
        return Decider(message, reading, self._directory, context).decide(items)


# Kinds that something is done for: their words must be what they look like.
DECIDING = frozenset(
    {MessageKind.TRADE, MessageKind.CANCEL, MessageKind.MODIFY, MessageKind.MONITOR}
)


def deceptive(message: str) -> ParsedMessage:
    """Refuse a message whose words may not be what they look like, instead of reading it so."""
    word = next((each for each in message.split() if is_deceptive(each)), message)
    return CHAT.model_copy(update={"problems": (problem("PROV-005", "message", word),)})


def _only_leaves(answer: ParsedMessage) -> bool:
    """Say whether every trade only leaves what is held, which is never held up."""
    return all(
        trade.side is Side.SELL
        and trade.sizing is not None
        and trade.sizing.method is SizingMethod.FRACTION
        for trade in answer.trades
    )


def cooled(answer: ParsedMessage, items: tuple[Item, ...]) -> ParsedMessage:
    """Note words of haste or revenge beside a trade."""
    hasty = next((item.text for item in items if item.has(Tag.HASTE)), None)
    if answer.kind is not MessageKind.TRADE or hasty is None or _only_leaves(answer):
        return answer
    return answer.model_copy(update={"cooling_off": hasty})
