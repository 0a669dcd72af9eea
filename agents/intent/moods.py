"""Which words of a message are an instruction now, and which only tell, ask, doubt or quote."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agents.intent.tag import Item
from agents.intent.vocabulary.patterns import QUIET
from agents.intent.vocabulary.placing import AGAINST_BUYING, DOUBTING_PICTURES
from agents.intent.vocabulary.tags import VERBS, Tag
from agents.intent.vocabulary.telling import (
    FINITE,
    JOKING,
    OVERRULING,
    SIGN_OFFS,
    UNSETTLING,
    WERE,
)

# With any of these in a message nothing of it is an instruction, unless it is adopted.
NEVER: Final = (Tag.SPEECH, Tag.HYPOTHESIS, Tag.QUOTE)
# These unmake only the clause that they stand in.
TELLING: Final = (Tag.PAST, Tag.HEDGE, Tag.NEGATION, Tag.ADVICE)
ASKING: Final = (Tag.ASK, Tag.ADVICE)
BREAKS: Final = (Tag.COMMA, Tag.BREAK)
# Words that say what is not meant, beside what is.
PLACING: Final = frozenset({"rather than", "instead of"})
CONTRASTING: Final = PLACING | {"not", "nahi", "never"}
BEHIND: Final = frozenset({"nahi", "nahin", "nai"})
LONGEST_SIGNATURE: Final = 2
# After these an order may go on: "but not above 1480".
ADDING: Final = frozenset({"but", "lekin", "magar", "just", "and", "however"})
OF_AN_ORDER: Final = (
    Tag.CAP, Tag.MARKET, Tag.LIMIT, Tag.PRODUCT, Tag.VALIDITY, Tag.AT, Tag.STOP, Tag.TARGET,
    Tag.IF, Tag.TRIGGER,
)  # fmt: skip
# Words such as "is" and "has" ask only where a clause begins with them.
AT_THE_START: Final = "start"
# How a request is put as a question: "could you buy 10 infy?"
ASKED_TO: Final = ("can ", "could ", "will ", "would ", "kya ", "please can", "please could")
# After these such a word tells of them: "i was", but "was i".
PERSONS: Final = frozenset({"i", "i'm", "me", "we"})
# Parts of an order: a clause that has one may be part of it, whatever else it says.
SETTINGS: Final = (
    Tag.NUM, Tag.SCALED, Tag.MONEY, Tag.PCT, Tag.FRAC, Tag.TIME, Tag.DAYWORD, Tag.AFTER,
    Tag.UNTIL, Tag.BETWEEN, Tag.IF, Tag.MARKET, Tag.PRODUCT, Tag.VALIDITY, Tag.EXCHANGE,
    Tag.LIMIT, Tag.CAP, Tag.CAP_AFTER, Tag.STOP, Tag.TARGET, Tag.TRAIL, Tag.TRIGGER, Tag.EACH,
    Tag.ALL, Tag.KEEP, Tag.VAGUE, Tag.LOT,
)  # fmt: skip
# "the buy order" names one and orders nothing.
OF_A_THING: Final = frozenset({"the", "my", "that", "this", "our", "an", "a", "your", "his", "her"})
# Punctuation that only belongs to a number, a name or a list.
NO_BREAK: Final = frozenset({"(", ")", "-", "/-", "/", ":", "+", "=", "*"})


@dataclass(frozen=True, slots=True)
class Clauses:
    """The clauses of a message that may be an instruction, and those that only tell something."""

    told: tuple[tuple[Item, ...], ...]
    instructions: tuple[tuple[Item, ...], ...]


def guarded(items: Sequence[Item]) -> bool:
    """Say whether words tell of no order now: the past, others, doubts, negations, quotations."""
    return has(items, *NEVER, *TELLING)


def asks(items: Sequence[Item]) -> bool:
    """Say whether a message is a question; "can you buy" is none."""
    polite = any(item.has(Tag.CAN_YOU) and item.folded.startswith(ASKED_TO) for item in items)
    if any(item.folded == "?" for item in items) and not polite:
        return True
    begins = True
    for item in items:
        if item.has(*BREAKS, Tag.MARKER):
            begins = True
        elif item.has(Tag.ASK) and not item.has(Tag.CAN_YOU):
            if begins or item.meanings[Tag.ASK] != AT_THE_START:
                return True
        elif begins and item.has(Tag.ADVICE):
            return True
        begins = begins and (item.has(*BREAKS, Tag.MARKER) or _is_plain_filler(item))
    return False


def pictured_doubt(items: Sequence[Item], *, buys: bool) -> bool:
    """Say whether a picture refuses or doubts an order beside it."""
    against = DOUBTING_PICTURES | (AGAINST_BUYING if buys else frozenset())
    return any(item.has(Tag.EMOJI) and against & {*item.text} for item in items)


def names_an_order(items: Sequence[Item]) -> bool:
    """Say whether a message begins by naming an order: "my order to buy 10", "the sell of 10"."""
    begins = [item for item in items[:3] if not item.has(Tag.MARKER)]
    words = [word for item in begins for word in item.folded.split()]
    return (
        len(begins) > 1
        and words[0] in OF_A_THING
        and (words[1] == "order" or begins[1].has(Tag.BUY, Tag.SELL, Tag.ORDER))
    )


def without_denied(items: Sequence[Item], tags: Sequence[Tag]) -> tuple[Item, ...]:
    """Take out "infy nahi" where another name follows: in Hinglish the "not" stands behind."""
    for at in range(1, len(items) - 1):
        if items[at].folded not in BEHIND:
            continue
        refused, rest = items[at - 1], items[at + 1 :]
        same = [tag for tag in tags if refused.has(tag)]
        if any(item.has(*same) for item in rest) and not has(rest, Tag.NEGATION):
            return (*items[: at - 1], *rest)
    return tuple(items)


def without_contrast(items: Sequence[Item]) -> tuple[Item, ...]:
    """Take out "not infy" where another name is meant, and "not 10" where another number is."""
    items = without_denied(items, (Tag.SYMBOL, Tag.NUM))
    kept = list(items)
    for at in range(len(items) - 1, 0, -1):
        word, what = items[at - 1], items[at]
        if not (word.has(Tag.NEGATION) and word.folded in CONTRASTING):
            continue
        for tag in (Tag.SYMBOL, Tag.NUM):
            others = [item for item in kept if item.has(tag) and item is not what]
            placed = word.folded in PLACING or has(items[: at - 1], *VERBS, Tag.SYMBOL)
            if what.has(tag) and others and placed:
                kept = [item for item in kept if item is not word and item is not what]
                break
    return tuple(kept)


def question_clause(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return the clause of a long message that asks or wants to be shown something."""
    asking = [clause for clause in cut_clauses(items) if has(clause, Tag.SHOW, Tag.ASK)]
    return asking[-1] if asking else ()


def _is_plain_filler(item: Item) -> bool:
    return item.has(Tag.FILLER) and not item.has(Tag.ASK) and item.folded not in PERSONS


def without_lead(items: Sequence[Item]) -> tuple[Item, ...]:
    """Take out a "but" or "so" that an order begins with, or says how it is meant with."""
    lead = 0
    while lead < len(items) and items[lead].has(Tag.BREAK, *QUIET):
        lead += 1
    return tuple(
        item
        for at, item in enumerate(items)
        if not item.has(Tag.BREAK)
        or item.has(Tag.PAR)
        or not (at < lead or (item.folded in ADDING and _begins_a_setting(items[at + 1 :])))
    )


def without_signature(items: Sequence[Item]) -> tuple[Item, ...]:
    """Take out the name that a message is signed with: "regards, raj"."""
    end = len(items)
    while end and items[end - 1].has(Tag.UNKNOWN) and len(items) - end < LONGEST_SIGNATURE:
        end -= 1
    before = [item for item in items[:end] if not item.has(Tag.COMMA)]
    signed = bool(before) and before[-1].folded in SIGN_OFFS
    return tuple(items[:end]) if signed else tuple(items)


def _begins_a_setting(items: Sequence[Item]) -> bool:
    """Say whether "but not above 1480" goes on with how the order is meant."""
    return has([item for item in items if not _is_plain_filler(item)][:1], *OF_AN_ORDER)


def clauses(items: Sequence[Item]) -> Clauses | None:
    """Part a long message into what it tells and what it instructs.

    None where it holds a question, a quotation or a supposition, or where taking words away
    might turn its meaning round: then nothing of it is an instruction.
    """
    if asks(items) or has(items, *(tag for tag in NEVER if tag is not Tag.SPEECH)):
        return None
    told: list[tuple[Item, ...]] = []
    kept: list[tuple[Item, ...]] = []
    for clause in cut_clauses(items):
        if not any(not item.has(*QUIET) for item in clause):
            continue
        instructed = any(has(each, *VERBS, Tag.PLACE) for each in kept)
        if has(clause, Tag.SPEECH) and (instructed or not _is_overruled(clause, items)):
            return None
        if _unmakes(clause, instructed) or _refuses_a_list(clause):
            return None
        tells = has(clause, Tag.NEGATION, *TELLING, Tag.SPEECH) or _only_tells(clause)
        # "let me know when infy is 1500, buy 10" may mean: then.
        watched = not instructed and any(item.meanings.get(Tag.MONITOR) == "" for item in clause)
        if tells and (watched or not _is_plainly_told(clause, instructed)):
            return None
        (told if tells else kept).append(clause)
    instructs = any(has(clause, *VERBS, Tag.PLACE) for clause in kept)
    if not instructs or _takes_back(told, kept, items):
        return None
    return Clauses(tuple(told), tuple(kept))


def _is_overruled(clause: Sequence[Item], items: Sequence[Item]) -> bool:
    """Say whether what others say is only what an own order stands against: "... but buy 10".

    What they say has no verb of trading, and nobody speaks once the order has begun.
    """
    if has(clause, *VERBS, Tag.PLACE, Tag.LONG, Tag.SHORT):
        return False
    after = [item for item in items if item.start >= clause[-1].end]
    turn = next((at for at, item in enumerate(after) if item.folded in OVERRULING), None)
    verb = next((at for at, item in enumerate(after) if item.has(*VERBS)), None)
    return turn is not None and verb is not None and turn < verb and not has(after[turn:], *NEVER)


def _is_plainly_told(clause: Sequence[Item], instructed: bool) -> bool:
    """Say whether a clause can be left out: nothing in it may be a part of the order.

    Only a reason or a sentence tells; after the order none that may be about the order itself.
    """
    if clause[0].has(Tag.BECAUSE):
        return True
    words = {word for item in clause for word in item.folded.split()}
    sentence = bool(words & FINITE) or (has(clause, Tag.PAST) and not instructed)
    if not instructed:
        said = [item for item in clause if item.folded != "market"]
        priced = has(said, *OF_AN_ORDER, Tag.TRAIL, Tag.RISK, Tag.CAP_AFTER)
        past = has(clause, Tag.PAST)
        return (sentence and (past or not priced)) or has(clause, Tag.NEGATION)
    jokes = any(word.startswith(JOKING) for word in words)
    plain = not has(clause, *SETTINGS, Tag.DROP, Tag.CANCEL) and not words & UNSETTLING
    of_it = has(clause, Tag.PRONOUN) and words & WERE
    return plain and not (jokes or of_it) and (sentence or has(clause, Tag.NEGATION))


def _refuses_a_list(clause: Sequence[Item]) -> bool:
    """Say whether what follows a colon is refused: "don't do the spread: buy ..., sell ..."."""
    colon = next((at for at, item in enumerate(clause) if item.folded == ":"), 0)
    return has(clause[:colon], Tag.NEGATION)


def _unmakes(clause: Sequence[Item], instructed: bool) -> bool:
    """Say whether a clause may undo what is instructed, instead of only telling something.

    A doubt after the instruction, of no name, or with a verb of its own is about the instruction.
    """
    if has(clause, Tag.HEDGE):
        return instructed or has(clause, *VERBS) or not has(clause, Tag.SYMBOL)
    if not has(clause, Tag.NEGATION):
        return False
    return clause[-1].has(Tag.NEGATION) or not _is_plain_refusal(clause)


def cut_clauses(items: Sequence[Item]) -> list[tuple[Item, ...]]:
    """Cut at punctuation, at "but" and "so", and before a reason."""
    found: list[list[Item]] = [[]]
    for item in items:
        if item.has(Tag.BECAUSE) and found[-1]:
            found.append([])
        if item.has(*BREAKS) and item.folded not in NO_BREAK:
            found.append([])
            continue
        found[-1].append(item)
    return [tuple(clause) for clause in found if clause]


def _only_tells(clause: Sequence[Item]) -> bool:
    """Say whether a clause gives a reason, or says what no table knows and orders nothing."""
    if clause[0].has(Tag.BECAUSE):
        return True
    words = {word for item in clause for word in item.folded.split()}
    if words & FINITE and not has(clause, *VERBS, Tag.PLACE, Tag.LONG, Tag.SHORT):
        return True
    return has(clause, Tag.UNKNOWN, Tag.MARKET_MOOD) and not _may_instruct(clause)


def _may_instruct(clause: Sequence[Item]) -> bool:
    """Say whether a clause has a verb, and something to trade: "i need money" has none."""
    return has(clause, *VERBS) and has(clause, Tag.SYMBOL, Tag.NUM, Tag.ALL, Tag.PRONOUN, Tag.FRAC)


def _is_plain_refusal(clause: Sequence[Item]) -> bool:
    """Say whether a negation is about a thing that it names itself: an order, a name, a number."""
    return has(clause, Tag.SYMBOL, Tag.NUM, Tag.NO_EXTRA, Tag.MARKET, Tag.LIMIT, Tag.PRODUCT) or (
        has(clause, *VERBS, Tag.ALL) and not has(clause, Tag.PRONOUN)
    )


def _takes_back(
    told: Sequence[Sequence[Item]], kept: Sequence[Sequence[Item]], items: Sequence[Item]
) -> bool:
    """Say whether a negation is of the very thing that is instructed."""
    names = {ref for clause in kept for item in clause for ref in item.refs}
    verbs = {tag for clause in kept for item in clause for tag in VERBS if item.has(tag)}
    for clause in told:
        if not has(clause, Tag.NEGATION):
            continue
        refused = {ref for item in clause for ref in item.refs}
        same_verb = any(item.has(tag) for item in clause for tag in verbs)
        follows = items and clause[0].start > kept[-1][0].start
        if refused & names and (same_verb or not has(clause, *VERBS)):
            return True
        if not refused and has(clause, *VERBS) and (same_verb and follows):
            return True
    return False


def has(items: Sequence[Item], *tags: Tag) -> bool:
    """Say whether any item has any of the tags."""
    return any(item.has(*tags) for item in items)
