"""The words that ask whether a trade would pass; they only ever have it judged, never made."""

from typing import Final

_TRADE: Final = "buy|sell|get|take|have|afford|bought|sold|have bought|have sold|short|hold"
# Each is searched for in the message as it was said, in small letters.
PASSING: Final[tuple[str, ...]] = (
    r"why not",
    rf"why (?:can't|cannot|can not|couldn't|could not) (?:i|we) (?:{_TRADE})",
    rf"why (?:can|could) (?:i|we) not (?:{_TRADE})",
    rf"(?:can|could|may|might) (?:i|we) (?:still |also |even )?(?:{_TRADE})",
    rf"am i (?:allowed|able) to (?:{_TRADE})",
    r"(?:what if|what happens if|what would happen if|suppose|supposing|if) (?:i|we)"
    r" (?:had |were to |would )?(?:buy|sell|bought|sold|took|take|made it|make it"
    r"|asked for|ask for)",
    r"(?:would|will|does|do|is|are|was)\b.*\b(?:pass|allowed|allow|fit|go through|too many"
    r"|too much|possible|permitted)",
    r"^(?:and |then |so )?(?:what|how) about",
    # Of what was asked for before.
    r"^(?:and |then |so )?what if (?:it(?:'s| is| was) |only |just )?\d[\d,]*"
    r"(?: (?:shares|share|pieces|qty|lots|lot))?[ ?.!]*$",
)
# These ask for the most that would pass, and need no number.
MOST: Final[tuple[str, ...]] = (
    r"how (?:many|much)(?: more)?(?: \S+){0,4} (?:can|could|may) (?:i|we) (?:still )?"
    r"(?:buy|sell|get)",
    r"(?:what is|what's|show) the (?:most|largest|biggest)(?: \S+){0,4} (?:can|could) (?:i|we)"
    r" (?:buy|sell|get)",
    r"(?:largest|maximum|max|biggest) (?:quantity|number of shares)",
    r"how much room (?:is|do i have|is there)",
)
# Who asks about what was done asks about a decision of before.
OF_THE_PAST: Final = (
    r"\b(?:refused|rejected|denied|blocked|declined|was|were|wasn't|weren't|did|didn't"
    r"|turned down)\b"
)
# A number after one of these is a price.
BEFORE_A_PRICE: Final = r"(?:at|@|limit|stop|target|trigger|below|above|price|sl|tp|under|over|to)"
