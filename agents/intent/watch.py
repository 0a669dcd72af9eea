"""What is to be watched: the instrument, the condition, how often, until when, and then what."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from agents.intent.conditions import Conditions, Cut
from agents.intent.match import Match, Matches, match
from agents.intent.model import MessageKind, ParseContext, ParsedMessage, Watch
from agents.intent.moods import has
from agents.intent.resolve import Named, Resolver, held_by
from agents.intent.tag import Item
from agents.intent.times import INDIA, window_of
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import AMOUNTS, Tag
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Condition, TimeWindow

# A word that watches only where a condition stands beside it: "check infy" asks for a price.
WEAK: Final = "weak"
SECONDS: Final = {Tag.SECONDS: 1, Tag.MINUTES: 60, Tag.HOURS: 3600}
UNIT_WORDS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "hr": 3600}
WHOLE: Final = "portfolio"


@dataclass(frozen=True, slots=True)
class Watcher:
    """Reads a request to be told of something."""

    resolver: Resolver
    context: ParseContext

    def watch(self, items: Sequence[Item]) -> ParsedMessage:
        """Return the watch that a message asks for."""
        rest, every = _cut_cadence(items)
        named, subject = self._symbols(rest)
        conditions = self._conditions(named)
        cut = conditions.cut(_without_monitor(rest), bare=True)
        said = next((each for each in cut.said if each.condition), None)
        condition = said.condition if said else self._bare(conditions, cut)
        if condition is not None:
            condition = condition.model_copy(update={"instrument": None})
        whole = subject is None and (condition is None or not condition.of_portfolio)
        missing = [] if named.refs or not whole else ["symbol"]
        missing += [] if condition else ["condition"]
        return ParsedMessage(
            kind=MessageKind.MONITOR,
            symbols=named.refs,
            ambiguous=named.ambiguous,
            missing=tuple(missing),
            watch=Watch(
                condition=condition,
                every_s=every,
                window=self._window(match(cut.kept)),
                proposes_trade=has(items, Tag.PROPOSE),
            ),
        )

    def _symbols(self, items: Sequence[Item]) -> tuple[Named, Item | None]:
        """Return what is watched, and the word for a book if it is one."""
        names = [item for item in items if item.has(Tag.SYMBOL)]
        book = next((item for item in items if item.has(Tag.HOLDINGS, Tag.POSITIONS)), None)
        mine = frozenset(row.instrument for row in held_by(self.context))
        if names:
            return self.resolver.quoted(names, mine if has(items, Tag.MY) else frozenset()), None
        if book is not None:
            return Named(refs=self._book(book)), book
        focus = self.context.focus_symbol
        if focus is not None and has(items, Tag.PRONOUN):
            return Named(refs=(focus,)), None
        return Named(), None

    def _book(self, book: Item) -> tuple[InstrumentRef, ...]:
        if WHOLE in book.folded:
            return ()
        rows = self.context.holdings if book.has(Tag.HOLDINGS) else self.context.positions
        return tuple(row.instrument for row in rows if row.quantity != 0)

    def _conditions(self, named: Named) -> Conditions:
        own = named.refs[0] if len(named.refs) == 1 else None
        return Conditions(
            resolve=lambda item: self.resolver.quoted([item]).refs or named.refs[:1],
            held=held_by(self.context),
            own=own,
        )

    def _bare(self, conditions: Conditions, cut: Cut) -> Condition | None:
        """Read "alert at 1500" and "for a 5% fall", where no "if" begins the condition."""
        kept = [item for item in cut.kept if not item.has(Tag.SYMBOL, Tag.HOLDINGS)]
        percent = next((item for item in kept if item.has(Tag.PCT)), None)
        moves = next((item for item in kept if item.has(Tag.FALL, Tag.RISE, Tag.METRIC)), None)
        start = Item({Tag.IF: ""}, 0, 1, "", "")
        if percent is not None and moves is not None:
            way = moves if moves.has(Tag.FALL, Tag.RISE) else _way_of(moves)
            said = conditions.cut([start, way, percent], bare=False).said
        else:
            prices = [
                item
                for before, item in zip([None, *kept], kept, strict=False)
                if item.has(*AMOUNTS) and (before is None or not before.has(Tag.TIME))
            ]
            if len(prices) != 1:
                return None
            hit = replace(start, meanings={Tag.HIT: ""})
            said = conditions.cut([start, hit, prices[0]], bare=False).said
        return said[0].condition if said else None

    def _window(self, matches: Matches) -> TimeWindow | None:
        said = matches.of(Slot.BETWEEN, Slot.AFTER, Slot.UNTIL)
        days: tuple[Match, ...] = matches.of(Slot.DAY)
        if not said or any(item.value is None for part in said for item in part.amounts):
            return None
        return window_of(said, days, self.context.now.astimezone(INDIA))


def is_watch(items: Sequence[Item]) -> bool:
    """Say whether a message asks to be told of something that is not so yet."""
    words = [item for item in items if item.has(Tag.MONITOR)]
    if has(items, Tag.PROPOSE) and has(items, Tag.IF):
        return True
    if not words:
        return False
    strong = any(item.meanings[Tag.MONITOR] != WEAK for item in words)
    compares = has(items, Tag.IF, Tag.ABOVE, Tag.BELOW, Tag.CROSS, Tag.EVERY)
    return strong or compares


def _without_monitor(items: Sequence[Item]) -> list[Item]:
    """Take out the words of watching; a phrase such as "tell me when" leaves its "when"."""
    found = []
    for item in items:
        if item.has(Tag.PROPOSE):
            continue
        if not item.has(Tag.MONITOR):
            found.append(item)
        elif item.folded.split()[-1] in {"when", "if", "once", "jab"}:
            found.append(replace(item, meanings={Tag.IF: ""}))
    return found


def _way_of(metric: Item) -> Item:
    """Read "a 2% loss" as a fall and "a 5% profit" as a rise."""
    falls = metric.meanings.get(Tag.METRIC) == "loss"
    return replace(metric, meanings={Tag.FALL if falls else Tag.RISE: ""})


def _cut_cadence(items: Sequence[Item]) -> tuple[list[Item], int | None]:
    """Take out "every 5 minutes" and return it in seconds."""
    for at, item in enumerate(items):
        if not item.has(Tag.EVERY):
            continue
        amount, unit = (*items[at + 1 : at + 3], None, None)[:2]
        if amount is not None and amount.has(*SECONDS):
            factor = next(value for tag, value in SECONDS.items() if amount.has(tag))
            return [*items[:at], *items[at + 2 :]], factor
        if amount is None or unit is None or amount.value is None:
            continue
        factor = next((value for tag, value in SECONDS.items() if unit.has(tag)), 0)
        factor = factor or UNIT_WORDS.get(unit.folded, 0)
        if factor and amount.value > 0 and amount.value == int(amount.value):
            return [*items[:at], *items[at + 3 :]], int(amount.value) * factor
    return list(items), None
