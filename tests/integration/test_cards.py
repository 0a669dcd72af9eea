"""The cards that front ends receive are those that are kept and described."""

from pathlib import Path

from app.persistence.embedded import EmbeddedServer
from riskgate.contracts.cards import CardKind
from tests.cards import PAGE, page, produced, published

# Nothing shows a card of this kind: exceptions are told on insights.
NEVER_SHOWN = {CardKind.EXCEPTION}


async def test_every_card_is_what_its_golden_file_has(
    postgres: EmbeddedServer, tmp_path: Path
) -> None:
    cards = await produced(postgres, tmp_path)
    assert {name: shown.text() for name, shown in cards.items()} == published(), "make cards"
    assert {shown.card["kind"] for shown in cards.values()} == {*CardKind} - NEVER_SHOWN


def test_the_page_of_cards_is_made_of_the_golden_files() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(published()), "make cards"
