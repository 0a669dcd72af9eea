"""Tell whether a message is about the login at the broker, and nothing besides."""

import re
from typing import Final

from agents.intent.vocabulary.connection import ACTS, BROKERS, EXPIRIES, STATES

_PLEASE = r"(?:please |pls |can you |could you |i want to |i need to |let me |help me )*"
_TO = r"(?:to |at |of |from |with |in to |into )?"
_BROKER = rf"(?:{BROKERS})"
_WHOLE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_PLEASE}(?:{ACTS})(?: {_TO}{_BROKER})?(?: please| pls| now| again)*",
        rf"(?:is|are we|am i|are you) (?:{_BROKER} )?(?:still )?(?:{STATES})"
        rf"(?: (?:to|at|in to|into|with) {_BROKER})?",
        rf"(?:{_BROKER} )?(?:{EXPIRIES})",
        rf"(?:status of|how is|what about|check) (?:my |the )?(?:{_BROKER} )?(?:{EXPIRIES})",
        rf"when does (?:my |the )?(?:{_BROKER} )?(?:{EXPIRIES}) (?:end|expire)",
    )
)


def is_about_login(message: str) -> bool:
    """Say whether the whole message is about the login; one with other words in it is not."""
    text = " ".join(re.sub(r"[?!.,]", " ", message.casefold()).split())
    return any(pattern.fullmatch(text) for pattern in _WHOLE)
