"""An answer to a question: a message that only says what an unfinished request lacked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from agents.intent.checks import value_problems
from agents.intent.compose import Composer, missing_of, sides_out
from agents.intent.decide import CHAT, chosen
from agents.intent.fields import span
from agents.intent.model import (
    REPEAT,
    Draft,
    MessageKind,
    ParseContext,
    ParsedMessage,
    Problem,
    TradeDraft,
)
from agents.intent.resolve import held_by
from agents.intent.tag import Item
from agents.intent.vocabulary.lexicon import LEXICON
from agents.intent.vocabulary.patterns import QUIET
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Provenance
from riskgate.contracts.orders import OrderType, Side
from tools.ports import InstrumentDirectory

NUMERIC: Final = ("size", "limit_price", "trigger_price", "stop_loss")
# What a bare number is called when it answers a question for a price.
ASKED_FOR: Final = {
    "limit_price": Tag.LIMIT,
    "trigger_price": Tag.TRIGGER,
    "stop_loss": Tag.STOP,
}
STAYS: Final = {OrderType.SL: {OrderType.LIMIT, OrderType.SL_M}}
NOT_AN_ANSWER: Final = (
    Tag.NOT_NOW, Tag.NEGATION, Tag.QUOTE, Tag.ASK, Tag.REFUSE, Tag.MONITOR, Tag.CANCEL, Tag.YES,
)  # fmt: skip
KEPT_UNTIL_SAID: Final = {
    "stop_loss": "stop_loss",
    "trigger_price": "trigger_price",
    "condition": "entry_rules",
}


@dataclass(frozen=True, slots=True)
class Answerer:
    """Completes the draft in the context, or leaves the message to be read afresh."""

    message: str
    directory: InstrumentDirectory
    context: ParseContext
    draft: Draft

    def answer(self, items: Sequence[Item]) -> ParsedMessage | None:
        """Return the draft with what was said added, None when this is no mere answer."""
        if _drops(items):
            return CHAT.model_copy(update={"drops_draft": True})
        if REPEAT in self.draft.missing:
            return self._again(items)
        if any(item.has(*NOT_AN_ANSWER) for item in items):
            return None
        picked = self._picked(items)
        if picked is not None:
            return self._with({"symbols": (picked,)}, {"symbols": self._span(items)})
        return self._said(items)

    def _again(self, items: Sequence[Item]) -> ParsedMessage | None:
        """Take a plain yes for the draft as it is; anything else is read afresh."""
        spoken = [item for item in items if not item.has(*QUIET)]
        if not spoken or not all(item.has(Tag.YES) or item.folded == "y" for item in spoken):
            return None
        return ParsedMessage(kind=MessageKind.TRADE, trades=(self.draft.trade,))

    def _said(self, items: Sequence[Item]) -> ParsedMessage | None:
        composer = Composer(self.message, self.directory, self.context)
        asked = self._named(items)
        if asked is None:
            return None
        said = composer.compose(asked, self.draft.trade)
        if said.left or len(said.trades) != 1:
            return None
        if said.problems and not said.ambiguous:
            return self._still(self.draft.ambiguous, said.problems)
        if said.ambiguous and not self.draft.trade.symbols:
            return self._still(said.ambiguous)
        new = said.trades[0]
        values = {name: getattr(new, name) for name in new.provenance}
        return self._with(values, dict(new.provenance))

    def _still(
        self, ambiguous: tuple[InstrumentRef, ...], problems: tuple[Problem, ...] = ()
    ) -> ParsedMessage:
        """Ask again for what is lacking, saying what was wrong with the answer."""
        return ParsedMessage(
            kind=MessageKind.TRADE,
            trades=(self.draft.trade,),
            missing=self.draft.missing,
            ambiguous=ambiguous,
            problems=problems,
        )

    def _named(self, items: Sequence[Item]) -> list[Item] | None:
        """Give a bare number the name of the one price that was asked for."""
        spoken = [item for item in items if not item.has(*QUIET)]
        if len(spoken) != 1 or not spoken[0].has(Tag.NUM, Tag.MONEY):
            return list(items)
        wanted = [name for name in NUMERIC if name in self.draft.missing]
        if len(wanted) != 1:
            return None
        tag = ASKED_FOR.get(wanted[0])
        number = spoken[0]
        if tag is None:
            return [number] if number.has(Tag.NUM) else [_silent(Tag.ABOUT, number), number]
        return [_silent(tag, number), number]

    def _picked(self, items: Sequence[Item]) -> InstrumentRef | None:
        """Return the choice meant by its place or by a word of its name."""
        spoken = [item for item in items if not item.has(*QUIET) or item.has(Tag.ORDINAL)]
        choices = self.draft.ambiguous
        if "symbol" not in self.draft.missing or not choices or not spoken:
            return None
        if all(item.has(Tag.ORDINAL) for item in spoken):
            return chosen(spoken, choices)
        if not all(item.has(Tag.UNKNOWN) for item in spoken):
            return None
        words = {item.folded for item in spoken}
        meant = [ref for ref in choices if words <= self._words_of(ref)]
        return meant[0] if len(meant) == 1 else None

    def _words_of(self, ref: InstrumentRef) -> set[str]:
        row = self.directory.get(ref)
        return set(row.name.casefold().split()) if row else set()

    def _span(self, items: Sequence[Item]) -> Provenance:
        return span(self.message, items[0].start, items[-1].end)

    def _with(
        self, values: dict[str, object], words: dict[str, Provenance]
    ) -> ParsedMessage | None:
        """Add what is new; what says otherwise than the draft is no mere answer."""
        old = self.draft.trade
        if old.order_type and values.get("order_type") in STAYS.get(old.order_type, set()):
            values.pop("order_type")
            words.pop("order_type", None)
        if not values or any(_differs(old, name, value) for name, value in values.items()):
            return None
        kept = {name: value for name, value in values.items() if name not in old.provenance}
        sources = {**{name: words[name] for name in kept}, **old.provenance}
        merged = self._sided(old.model_copy(update={**kept, "provenance": sources}))
        return ParsedMessage(
            kind=MessageKind.TRADE,
            trades=(merged,),
            missing=missing_of(merged, self._unsaid(merged)),
            ambiguous=() if merged.symbols else self.draft.ambiguous,
            problems=value_problems(merged),
        )

    def _sided(self, trade: TradeDraft) -> TradeDraft:
        """Let an exit whose instrument is only now known take the side that leaves it."""
        verb = trade.provenance.get("side")
        if self.draft.trade.symbols or verb is None or not _is_exit(verb.text):
            return trade
        rows = [row for row in held_by(self.context) if row.instrument in trade.symbols]
        sides: frozenset[Side] = sides_out(rows)
        if len(sides) == 1:
            return trade.model_copy(update={"side": next(iter(sides))})
        sources = {name: said for name, said in trade.provenance.items() if name != "side"}
        return trade.model_copy(update={"side": None, "provenance": sources})

    def _unsaid(self, trade: TradeDraft) -> tuple[str, ...]:
        return tuple(
            name
            for name, field in KEPT_UNTIL_SAID.items()
            if name in self.draft.missing and not getattr(trade, field)
        )


def _drops(items: Sequence[Item]) -> bool:
    spoken = [item for item in items if not item.has(*QUIET)]
    return any(item.has(Tag.DROP) for item in spoken) and all(
        item.has(Tag.DROP, Tag.PRONOUN, Tag.ORDER) for item in spoken
    )


def _is_exit(text: str) -> bool:
    return Tag.EXIT in LEXICON.get(" ".join(text.casefold().split()), {})


def _differs(trade: TradeDraft, name: str, value: object) -> bool:
    before: object = getattr(trade, name)
    return before not in (None, ()) and before != value


def _silent(tag: Tag, number: Item) -> Item:
    """Put an unspoken word where its number stands, so that spans stay true."""
    return replace(number, meanings={tag: ""}, value=None)
