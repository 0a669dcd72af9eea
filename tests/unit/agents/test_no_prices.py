"""Without prices an answer says so plainly, and puts the login before the person if that helps."""

from collections.abc import Sequence

import pytest
from langgraph.runtime import Runtime

from agents.intent.model import MessageKind, ParsedMessage, QueryTopic
from agents.nodes.answer import NO_PRICES, PRICES_AFTER_LOGIN, answer
from riskgate.contracts.cards import CardKind
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.snapshots import Quote
from tests.fakes.turn import FakeSystem, RecordedEvents, a_context
from tests.unit.agents.test_nodes import state_with
from tests.unit.riskgate.builders import a_ref
from tools.ports import BrokerLogin, MarketUnavailable

NOT_IN = BrokerLogin(state="LOGIN_NEEDED", is_active=False, headline="Nobody is logged in at Kite.")


class Closed(FakeSystem):
    async def quotes(self, refs: Sequence[InstrumentRef]) -> Sequence[Quote]:
        raise MarketUnavailable(f"get_quotes: no session for {len(refs)}")


@pytest.mark.parametrize(
    ("login", "said", "kinds"),
    [
        (NOT_IN, f"{NOT_IN.headline} {PRICES_AFTER_LOGIN}", [CardKind.CONNECT, CardKind.INSIGHT]),
        (None, NO_PRICES, [CardKind.INSIGHT]),
    ],
)
async def test_a_price_that_cannot_be_read_is_answered_in_words(
    login: BrokerLogin | None, said: str, kinds: list[CardKind]
) -> None:
    events = RecordedEvents()
    context = a_context(Closed(signed_in=login), events=events)
    asked = ParsedMessage(kind=MessageKind.QUERY, topic=QueryTopic.QUOTE, symbols=(a_ref("INFY"),))
    found = await answer(state_with(asked), Runtime(context=context))
    assert found["explanations"] == [said]
    assert [card.kind for card in events.cards] == kinds
    assert "get_quotes" not in said
