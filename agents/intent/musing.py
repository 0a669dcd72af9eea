"""What a person thought before an order, where they say that it is decided now."""

from typing import Final

from agents.intent.moods import NEVER, has
from agents.intent.tag import Item
from agents.intent.vocabulary.tags import VERBS, Tag
from agents.intent.vocabulary.telling import DECIDED, JOKING, UNSETTLING

# With one of these what stands before may say when, whether or for whom the order is.
CONDITIONAL: Final = (
    *NEVER, Tag.NEGATION, Tag.CANCEL, Tag.IF, Tag.TIME, Tag.DAYWORD, Tag.MONITOR, Tag.PROPOSE,
)  # fmt: skip
# Words that settle nothing where somebody tells how long they thought.
OF_A_SPAN: Final = frozenset(
    {"after", "weekend", "week", "night", "month", "year", "hour", "hours"}
)


def after_decision(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return the order behind "i've decided:"; it has a verb and a name of its own."""
    for at in range(1, len(items)):
        if items[at].folded != ":" or items[at - 1].folded not in DECIDED:
            continue
        lead, order = items[: at - 1], items[at + 1 :]
        whole = has(order, *VERBS) and has(order, Tag.SYMBOL)
        return order if whole and _only_muses(lead) else items
    return items


def _only_muses(lead: tuple[Item, ...]) -> bool:
    words = {word for item in lead for word in item.folded.split()}
    unsettled = words & (UNSETTLING - OF_A_SPAN) or "?" in words
    jokes = any(word.startswith(JOKING) for word in words)
    return not (has(lead, *CONDITIONAL) or unsettled or jokes)
