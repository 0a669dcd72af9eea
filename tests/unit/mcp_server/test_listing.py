"""What tools/list says is kept, so that no change of a tool goes unnoticed."""

import json
from pathlib import Path

from app.mcp_server.server import described
from tools.catalogue import OFFERS
from tools.scopes import Scope

GOLDEN = Path(__file__).parents[2] / "golden" / "mcp" / "tools_list.json"


def test_the_list_is_the_golden_one() -> None:
    tools = [
        described(offer).model_dump(mode="json", by_alias=True, exclude_none=True)
        for offer in OFFERS
    ]
    assert {"tools": tools} == json.loads(GOLDEN.read_text(encoding="utf-8")), (
        "python -m tests.golden.mcp"
    )


def test_nothing_that_acts_can_be_offered() -> None:
    assert [offer.name for offer in OFFERS] == sorted({offer.name for offer in OFFERS})
    assert {offer.tool.scope for offer in OFFERS} == set(Scope) - {Scope.ORDERS_SUBMIT}
    assert not any(offer.tool.destructive for offer in OFFERS)
    writes = [offer.name for offer in OFFERS if not offer.tool.read_only]
    assert writes == ["propose_trade"]
