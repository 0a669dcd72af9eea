"""What a turn says besides what its cards show: nothing is printed twice."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from agents.state import as_sentence

Json: TypeAlias = Mapping[str, Any]


def besides_cards(cards: Sequence[Json], text: str) -> str:
    """Return a text without what the cards beside it say already, which may be all of it."""
    if any(_is_echo(card, text) for card in cards):
        return ""
    left = text
    for card in cards:
        for rule in card["fields"].get("violations") or []:
            said = f"{rule['rule_id']}: {rule['message']}"
            left = left.replace(f"{as_sentence(said)} {as_sentence(str(rule['remedy']))}", "")
    return text if left == text else " ".join(left.split())


def _is_echo(card: Json, text: str) -> bool:
    rules = card["fields"].get("violations") or []
    if card.get("kind") == "veto" and rules:
        return all(str(rule["message"]) in text for rule in rules)
    title, fields = str(card.get("title")), card["fields"]
    said = {title, f"{title}. Approve the card to send it."}
    return text in {*said, fields.get("help"), fields.get("question")}
