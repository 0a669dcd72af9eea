"""An answer to a question, or a change of an unsent draft: a message that is no request alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from agents.intent.amending import (
    adds,
    begins_afresh,
    drops_guard,
    hedges,
    is_beside,
    of_a_draft,
    reached,
    without_replaced,
)
from agents.intent.books import sides_out
from agents.intent.checks import value_problems
from agents.intent.compose import Composed, Composer, missing_of
from agents.intent.fields import span
from agents.intent.fullnames import words_of
from agents.intent.model import (
    CONFIRMABLE,
    Draft,
    MessageKind,
    ParseContext,
    ParsedMessage,
    Problem,
    TradeDraft,
)
from agents.intent.moods import asks, pictured_doubt
from agents.intent.prices import VARIETY
from agents.intent.problems import problem
from agents.intent.resolve import held_by
from agents.intent.tag import Item
from agents.intent.vocabulary.lexicon import LEXICON
from agents.intent.vocabulary.patterns import QUIET
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Provenance, Sizing, SizingMethod
from riskgate.contracts.orders import OrderType, Side
from tools.ports import InstrumentDirectory

CHAT: Final = ParsedMessage(kind=MessageKind.CHAT)
NUMERIC: Final = ("size", "limit_price", "trigger_price", "stop_loss")
# What a bare number is called when it answers a question for a price.
ASKED_FOR: Final = {
    "limit_price": Tag.LIMIT,
    "trigger_price": Tag.TRIGGER,
    "stop_loss": Tag.STOP,
}
STAYS: Final = {OrderType.SL: {OrderType.LIMIT, OrderType.SL_M}}
NOT_AN_ANSWER: Final = (
    Tag.PAST, Tag.HEDGE, Tag.SPEECH, Tag.HYPOTHESIS, Tag.NEGATION, Tag.QUOTE, Tag.ASK,
    Tag.ADVICE, Tag.MONITOR, Tag.CANCEL,
)  # fmt: skip
# Words that say that a draft is changed, and nothing of the order itself.
AMENDING: Final = (Tag.AMEND, Tag.INSTEAD, Tag.SAME, Tag.BREAK, Tag.YES)
KEPT_UNTIL_SAID: Final = {
    "stop_loss": "stop_loss",
    "trigger_price": "trigger_price",
    "limit_price": "limit_price",
    "condition": "condition",
}
COUNTED: Final = (SizingMethod.QUANTITY, SizingMethod.LOTS, SizingMethod.NOTIONAL)
ONES: Final = frozenset({"one", "wala", "waala"})
SIDE_VERBS: Final = (Tag.BUY, Tag.SELL, Tag.EXIT)
MORE: Final = "more"
# Of "on bse" where the list of that exchange does not have the instrument.
UNLISTED: Final = "SYMBOL_UNKNOWN"
NEAR: Final = Decimal("0.3")


@dataclass(frozen=True, slots=True)
class Answerer:
    """Completes or changes the draft in the context, or leaves the message to be read afresh."""

    message: str
    directory: InstrumentDirectory
    context: ParseContext
    draft: Draft

    def answer(self, items: Sequence[Item]) -> ParsedMessage | None:
        """Return the draft with what was said, None when this is no mere answer or change."""
        if _drops(items):
            return CHAT.model_copy(update={"drops_draft": True})
        if CONFIRMABLE & {*self.draft.missing}:
            return self._again(items)
        if is_only_yes(items) or _says_the_same(items, self.draft):
            return CHAT
        guard = drops_guard(items)
        if guard is not None and getattr(self.draft.trade, guard) is not None:
            return self._merged({guard: None}, {})
        doubted = pictured_doubt(items, buys=self.draft.trade.side is not Side.SELL)
        if self.draft.trade.symbols and (doubted or is_beside(items) or hedges(items)):
            return self._unclear()
        meant = of_a_draft(without_replaced(items))
        said = [item for item in meant if not _amends(item)]
        amends = len(said) < len(items)
        if any(item.has(*NOT_AN_ANSWER) and not item.has(Tag.DROP) for item in said):
            return None
        if amends or not self.draft.missing:
            return self._amended(meant, said, replaces=len(meant) < len(items))
        picked = self._picked(items)
        if picked is not None:
            return self._with({"symbols": (picked,)}, {"symbols": self._span(items)})
        return self._said(items)

    def _unclear(self) -> ParsedMessage:
        """Ask what words mean that may change the draft or not; it stays as it is."""
        unclear = problem("CHANGE_UNCLEAR", "message", self.message.strip())
        return CHAT.model_copy(update={"problems": (unclear,)})

    def _again(self, items: Sequence[Item]) -> ParsedMessage | None:
        """Take a plain yes for the draft as it is; anything else is read afresh."""
        if not is_only_yes(items):
            return None
        if self.draft.cancels:
            return ParsedMessage(kind=MessageKind.CANCEL, order_ids=self.draft.cancels)
        return ParsedMessage(
            kind=MessageKind.TRADE,
            trades=(self.draft.trade,),
            amends_draft=self.draft.card_id is not None,
        )

    def _amended(
        self, items: Sequence[Item], said: Sequence[Item], *, replaces: bool
    ) -> ParsedMessage | None:
        """Change what is said of the draft and keep the rest.

        `replaces` says that something was named that the rest takes the place of.
        """
        if asks(items):
            return None
        if self.draft.trade.side is Side.BUY:
            said, items = reached(said), reached(items)
        elif any(item.has(Tag.KEEP, Tag.DOWN_TO) for item in said):
            # Of what is sold, as many may go or as many may stay.
            return None
        same = any(item.has(Tag.SAME) for item in items)
        instead = same or replaces or any(item.has(Tag.INSTEAD, Tag.AMEND) for item in items)
        if any(item.folded == MORE or item.has(Tag.BY) for item in items) or adds(items):
            # "10 more" and "add 10" may mean ten in all or besides, "by 5" more or less.
            return None
        verbs = any(item.has(Tag.BUY, Tag.SELL, Tag.EXIT) for item in said)
        sided = verbs or any(item.has(Tag.LONG, Tag.SHORT) for item in said)
        named = [item for item in said if item.has(Tag.SYMBOL)]
        if named and verbs and not same and any(item.has(Tag.NUM) for item in said):
            return None
        if begins_afresh(said) or (verbs and not instead and not self.draft.missing):
            return None
        if named and not instead:
            return self._said(items) if self.draft.missing else None
        scaled = self._scaled(said)
        if scaled is not None:
            return scaled
        if not any(not item.has(*QUIET) for item in said):
            return None
        changed = self._changed(self._composed(self._number_named(said)), said)
        return None if changed is None or (self._turned(changed) and not sided) else changed

    def _turned(self, changed: ParsedMessage) -> bool:
        before = self.draft.trade.side
        return any(before not in (None, trade.side) for trade in changed.trades)

    def _changed(self, composed: Composed | None, said: Sequence[Item]) -> ParsedMessage | None:
        if composed is None or composed.left or composed.ambiguous or len(composed.trades) != 1:
            return None
        if any(each.field == VARIETY for each in composed.problems):
            return CHAT.model_copy(update={"problems": composed.problems})
        new = composed.trades[0]
        unlisted = tuple(each for each in composed.problems if each.code == UNLISTED)
        readable = any(each.code == "NOT_AVAILABLE" for each in composed.problems)
        if composed.problems and not readable and not (unlisted and new.symbols):
            return None
        values = {name: getattr(new, name) for name in new.provenance}
        if "size" in composed.missing and composed.offers and not values:
            return self._unsized(composed)
        if not _all_said(said, new):
            return None
        changed = self._over(values, dict(new.provenance))
        if changed is None or not unlisted:
            return changed
        return changed.model_copy(update={"problems": (*changed.problems, *unlisted)})

    def _unsized(self, composed: Composed) -> ParsedMessage:
        """Ask for the size that was said unclearly, the rest of the draft kept."""
        old = self.draft.trade
        sources = {name: said for name, said in old.provenance.items() if name != "sizing"}
        trade = old.model_copy(update={"sizing": None, "provenance": sources})
        asked = tuple(name for name in composed.missing if name in ("size", "limit_price"))
        return ParsedMessage(
            kind=MessageKind.TRADE,
            trades=(trade,),
            missing=asked,
            offers=composed.offers,
            amends_draft=True,
        )

    def _scaled(self, said: Sequence[Item]) -> ParsedMessage | None:
        """Read "half the quantity" and "double it" as a part of the size of the draft."""
        spoken = [item for item in said if not item.has(*QUIET, Tag.PRONOUN)]
        sizing = self.draft.trade.sizing
        if len(spoken) != 1 or sizing is None or sizing.method not in COUNTED:
            return None
        word = spoken[0]
        if word.has(Tag.FRAC) and word.value is not None:
            value = sizing.value * word.value
        elif word.has(Tag.DOUBLE):
            value = sizing.value * (Decimal(word.meanings[Tag.DOUBLE]) + 1)
        else:
            return None
        words = span(self.message, word.start, word.end)
        return self._over({"sizing": sizing.model_copy(update={"value": value})}, {"sizing": words})

    def _number_named(self, said: Sequence[Item]) -> list[Item]:
        """Call a bare number the price it is near to, where it cannot well be the size."""
        spoken = [item for item in said if not item.has(*QUIET)]
        price = self.draft.trade.limit_price
        if len(spoken) != 1 or not spoken[0].has(Tag.NUM) or price is None:
            return list(said)
        value = spoken[0].value
        if value is None or abs(value - price) > NEAR * price:
            return list(said)
        return [_silent(Tag.LIMIT, spoken[0]), *said]

    def _composed(self, said: Sequence[Item]) -> Composed | None:
        composer = Composer(self.message, self.directory, self.context)
        return composer.compose(said, self.draft.trade)

    def _said(self, items: Sequence[Item]) -> ParsedMessage | None:
        asked = self._named(items)
        said = None if asked is None else self._composed(asked)
        if said is None or said.left or len(said.trades) != 1:
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
            amends_draft=True,
            missing=self.draft.missing,
            ambiguous=ambiguous,
            problems=problems,
        )

    def _named(self, items: Sequence[Item]) -> list[Item] | None:
        """Give a bare number the name of the one price that was asked for."""
        spoken = [item for item in items if not item.has(*QUIET)]
        counted = any(item.has(Tag.UNIT) for item in items)
        if counted or len(spoken) != 1 or not spoken[0].has(Tag.NUM, Tag.MONEY, Tag.SCALED):
            return list(items)
        wanted = [name for name in NUMERIC if name in self.draft.missing]
        if len(wanted) != 1:
            return None
        tag = ASKED_FOR.get(wanted[0])
        number = spoken[0]
        if tag is None and number.has(Tag.NUM):
            return [number]
        return [_silent(tag or Tag.ABOUT, number), number]

    def _picked(self, items: Sequence[Item]) -> InstrumentRef | None:
        """Return the choice meant by its place or by a word of its name."""
        spoken = [item for item in items if not item.has(*QUIET) or item.has(Tag.ORDINAL)]
        if len(spoken) > 1 and spoken[-1].folded in ONES:
            spoken = spoken[:-1]
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
        return {ref.tradingsymbol.casefold(), *words_of(ref, self.directory)}

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
        return self._merged(kept, words)

    def _over(
        self, values: dict[str, object], words: dict[str, Provenance]
    ) -> ParsedMessage | None:
        """Put what was said in the place of what the draft said of it."""
        if not values:
            return None
        if values.get("order_type") is OrderType.MARKET:
            values["limit_price"] = None
        sizing, old = values.get("sizing"), self.draft.trade.sizing
        in_lots = old is not None and old.method is SizingMethod.LOTS
        if in_lots and isinstance(sizing, Sizing) and sizing.method is SizingMethod.QUANTITY:
            values["sizing"] = sizing.model_copy(update={"method": SizingMethod.LOTS})
        return self._merged(values, words)

    def _merged(
        self, values: dict[str, object], words: dict[str, Provenance]
    ) -> ParsedMessage | None:
        old = self.draft.trade
        sources = {**old.provenance, **{name: words[name] for name in values if name in words}}
        sources = {
            name: said
            for name, said in sources.items()
            if values.get(name, getattr(old, name)) not in (None, ())
        }
        merged = self._sided(old.model_copy(update={**values, "provenance": sources}))
        return ParsedMessage(
            kind=MessageKind.TRADE,
            trades=(merged,),
            amends_draft=True,
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
            if name in self.draft.missing
            and not getattr(trade, field)
            and not (name == "limit_price" and trade.order_type is OrderType.MARKET)
        )


def _drops(items: Sequence[Item]) -> bool:
    spoken = [item for item in items if not item.has(*QUIET)]
    return any(item.has(Tag.DROP) for item in spoken) and all(
        item.has(Tag.DROP, Tag.PRONOUN, Tag.ORDER) for item in spoken
    )


def is_only_yes(items: Sequence[Item]) -> bool:
    """Say whether a message is a plain yes and nothing else."""
    spoken = [item for item in items if not item.has(*QUIET) or item.has(Tag.YES)]
    return bool(spoken) and all(item.has(Tag.YES) or item.folded == "y" for item in spoken)


def _says_the_same(items: Sequence[Item], draft: Draft) -> bool:
    """Say whether words only repeat what a draft does: "yes, sell", "go ahead and buy it".

    A draft that lacks something is repeated only with a yes.
    """
    spoken = [item for item in items if not item.has(*QUIET) or item.has(Tag.YES)]
    agrees = any(item.has(Tag.YES) and not item.has(*SIDE_VERBS) for item in spoken)
    plain = all(item.has(Tag.YES, Tag.PRONOUN, Tag.PLACE, *SIDE_VERBS) for item in spoken)
    buys = draft.trade.side is Side.BUY
    verbs = [item for item in spoken if item.has(*SIDE_VERBS)]
    if not plain or any(item.has(Tag.SELL if buys else Tag.BUY) for item in verbs):
        return False
    exits = any(item.has(Tag.EXIT) for item in verbs)
    return agrees or (bool(verbs) and not draft.missing and not (exits and buys))


def _amends(item: Item) -> bool:
    """Say whether a word only says that something is changed."""
    if item.has(Tag.BUY, Tag.SELL, Tag.NUM, Tag.SYMBOL, Tag.CANCEL):
        return False
    return item.has(*AMENDING) and not item.has(*QUIET, Tag.TO, Tag.DOUBLE, Tag.DROP)


def _is_exit(text: str) -> bool:
    return Tag.EXIT in LEXICON.get(" ".join(text.casefold().split()), {})


def _all_said(said: Sequence[Item], trade: TradeDraft) -> bool:
    """Say whether each number is of some field; one that changes nothing would be lost."""
    covered: set[int] = set()
    for words in trade.provenance.values():
        covered.update(range(words.start or 0, words.end or 0))
    numbers = [item for item in said if item.has(Tag.NUM, Tag.SCALED, Tag.MONEY, Tag.PCT)]
    return all(covered.issuperset(range(item.start, item.end)) for item in numbers)


def _differs(trade: TradeDraft, name: str, value: object) -> bool:
    before: object = getattr(trade, name)
    return before not in (None, ()) and before != value


def _silent(tag: Tag, number: Item) -> Item:
    """Put an unspoken word where its number stands, so that spans stay true."""
    return replace(number, meanings={tag: ""}, value=None)


def chosen(items: Sequence[Item], choices: Sequence[InstrumentRef]) -> InstrumentRef | None:
    """Return the choice that "the first one" means."""
    said = {int(item.meanings[Tag.ORDINAL]) for item in items if item.has(Tag.ORDINAL)}
    if len(said) != 1:
        return None
    place = said.pop()
    return choices[place] if -len(choices) <= place < len(choices) else None
