"""Words that trade, place a stop or only point, by what stands beside them in the message."""

from typing import Final

from agents.intent.vocabulary.tags import Tag

# These spend the money of a message in which no stop and no order is placed.
LAYS_MONEY: Final = frozenset({"lagao", "laga do", "laga de", "lagado", "lagana", "lagana hai"})
# These place a stop where the one number of a message is its price.
LAYS_STOPS: Final = frozenset(
    {"daal do", "dal do", "daalo", "dalo", "daal de", "dal de", "daal dena", "dal dena",
     "daal dijiye", "dal dijiye", "daal lo", "dal lo", "laga dijiye", "laga dena", "laga lo"}
)  # fmt: skip
# Verbs of getting that "down to" turns round.
TAKES: Final = frozenset({"take", "get", "bring", "put", "drop"})
# The letters and short words of a ticket: "infy 10 b mkt", "tcs ke 10 share lo".
ON_A_TICKET: Final = {"b": Tag.BUY, "s": Tag.SELL, "lo": Tag.BUY, "le": Tag.BUY}
# These are verbs, too, where a clause of a list begins with one: "b 5 lt, s 6 maruti".
LETTERS: Final = frozenset({"b", "s"})
# What counts the lines of a list before a bracket: "a) buy 5 infy b) sell 3 tcs".
LINE_LETTERS: Final = frozenset({"a", "b", "c", "d", "e", "f", "i", "ii", "iii", "iv", "v"})
# Verbs of moving a stop that is kept, where "to" and its new price follow it.
MOVING: Final = frozenset(
    {"bring", "take", "get", "put", "lift", "drag", "pull", "push", "move", "raise", "lower",
     "tighten", "bump", "shift", "hike", "slide", "nudge", "ratchet"}
)  # fmt: skip
# How "all of those that there are" begins.
HOWEVER_MANY: Final = frozenset({"jitni bhi", "jitne bhi", "jitna bhi", "jitni", "jitne", "jo bhi"})
REACHING: Final = frozenset({"to", "up to", "upto", "down to", "higher to", "lower to", "till"})
# Between a sum of money and the name that it goes into.
TOWARDS: Final = frozenset({"in", "into", "on", "at", "towards", "toward", "to", "behind"})
# Before a sum that goes into the name before it.
SPENDING: Final = frozenset({"for", "worth"})
# Pictures that refuse or doubt whatever stands beside them.
DOUBTING_PICTURES: Final = frozenset("🤔🤷🙅🤦🙈😂🤣🤡🙃😜🤪")
# One that refuses a purchase; beside a sale it says which way.
AGAINST_BUYING: Final = frozenset("👎")
