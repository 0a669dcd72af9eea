"""A difference in the terms of the person who must decide on it: symbols in the place of ids."""

import re
from collections.abc import Mapping
from typing import Any, Final

# What stands before an id in the message of a difference, and what is said instead of both.
_NAMED: Final = (
    ("trade_id", r"\btrade {id} of order \S+?(?=,|\s|$)", "a trade of {what}"),
    ("order_id", r"\b(?:the )?(?:open )?order {id}", "our order of {what}"),
    ("broker_order_id", r"\b(?:the |an )?(?:open )?order {id}", "an order of {what}"),
    ("order_id", r"{id}", "our order of {what}"),
    ("broker_order_id", r"{id}", "its order"),
    ("plan_id", r"\bplan {id}", "the plan of {what}"),
)


def in_words(body: Mapping[str, Any]) -> str:
    """Return the message of an exception's body with its ids said as what they are of."""
    text, ref = str(body["message"]), body.get("instrument")
    if not isinstance(ref, Mapping):
        return text
    what = f"{ref['exchange']}:{ref['tradingsymbol']}"
    for name, pattern, said in _NAMED:
        if body.get(name):
            known = pattern.replace("{id}", re.escape(str(body[name])))
            text = re.sub(known, said.format(what=what), text)
    return text
