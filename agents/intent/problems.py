"""The words for what cannot be understood or traded as said."""

from typing import Final

from agents.intent.model import Problem

QUOTED_MAX: Final = 60

TEXT: Final[dict[str, tuple[str, str]]] = {
    "MESSAGE_EMPTY": (
        "The message is empty.",
        "Say what to do, for example: buy 10 INFY at market, cnc.",
    ),
    "MESSAGE_TOO_LONG": (
        "The message has {said} characters; the most that is read is 4000.",
        "Say it in a shorter message.",
    ),
    "TEXT_UNSAFE": (
        "The message holds an invisible or control character ({said}), which can hide words.",
        "Type the message again by hand instead of pasting it.",
    ),
    "SYMBOL_UNKNOWN": (
        "No instrument is known as '{said}'.",
        "Give the exact trading symbol or company name, for example INFY.",
    ),
    "SYMBOL_AMBIGUOUS": (
        "'{said}' may mean several instruments.",
        "Name one of the choices.",
    ),
    "SYMBOL_NEEDS_CONTRACT": (
        "'{said}' does not name one contract that can be traded.",
        "Give the exact contract, for example NIFTY26MARFUT.",
    ),
    "QUANTITY_INVALID": (
        "'{said}' is not a size that can be traded: {why}.",
        "Give a whole number of shares or lots, below 1000000000, or an amount of money.",
    ),
    "PRICE_INVALID": (
        "'{said}' is not a price or distance that can be used: {why}.",
        "Give a positive number, for example 1480.50.",
    ),
    "CURRENCY_MISMATCH": (
        "'{said}' is not in the currency of what is traded, which is {why}.",
        "Say the amount in that currency; nothing is converted.",
    ),
    "SETTING_INVALID": (
        "'{said}' cannot be used here: {why}.",
        "Give a value in the allowed range.",
    ),
    "NOT_UNDERSTOOD": (
        "'{said}' was not understood, so no order was made of it.",
        "Say it in other words, or leave it out.",
    ),
    "CONTRADICTORY": (
        "'{said}' says two different things for the same part of the order.",
        "Say only one of them.",
    ),
    "TIME_UNCLEAR": (
        "'{said}' does not say in which time zone.",
        "Leave the time out and send the order when it is due.",
    ),
    "CHANGE_UNCLEAR": (
        "'{said}' may change the order that waits or be another one, so it stays as it is.",
        "Say the change plainly, for example 'make it 20', or say the other order in full.",
    ),
    "ONE_ORDER_AT_A_TIME": (
        "The message holds {said} different orders.",
        "Send them one message each, so that each gets its own card.",
    ),
    "PROV-001": (
        "The {said} came from nowhere, so no order was made of it.",
        "Say the {said} in your own words.",
    ),
    "PROV-002": (
        "'{said}' does not stand in your message, so no order was made of it.",
        "Say the order again in your own words.",
    ),
    "PROV-003": (
        "'{said}' does not say the {why} that was read in it, so no order was made of it.",
        "Say the {why} in plain words.",
    ),
    "PROV-004": (
        "'{said}' may not decide this part of an order.",
        "Say it in your own words, or choose it in the page.",
    ),
    "PROV-005": (
        "'{said}' mixes alphabets or hides characters, so it may not be what it looks like.",
        "Type it again by hand.",
    ),
    "SAY_IT_PLAINLY": (
        "That may be meant as a {said}, but it is not said plainly, so nothing was done.",
        "Say it plainly, for example: cancel my INFY order.",
    ),
    "NOT_AVAILABLE": (
        "'{said}' asks for {why}, which are not available yet, so no order was made of it.",
        "Leave it out, or ask again when it is due.",
    ),
    "FIELD_MISSING": ("The order does not say its {said}.", "Say the {said}."),
}


def clip(text: str) -> str:
    """Shorten words that are quoted back."""
    return text if len(text) <= QUOTED_MAX else text[: QUOTED_MAX - 1] + "…"


def problem(code: str, field: str, said: str, why: str = "") -> Problem:
    """Build the problem of a code, quoting what the person wrote."""
    message, remedy = TEXT[code]
    return Problem(
        code=code,
        field=field,
        message=message.format(said=clip(said), why=why),
        remedy=remedy.format(said=clip(said), why=why),
    )
