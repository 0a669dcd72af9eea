"""Whatever a model replies, no order comes of it that the words do not carry."""

from collections import Counter
from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from app.persistence.location import DatabaseLocation
from app.settings import ParserName, Settings
from tests.fakes.model_fuzz import Fuzz
from tests.figures import many, tell
from tests.integration.modelled import open_modelled

Carried: TypeAlias = tuple[str, str, str, str | None]
# What each message carries: side, instrument, quantity and limit; None for no order at all.
MESSAGES: tuple[tuple[str, Carried | None], ...] = (
    ("sirjee buy 10 infy zordaar bolo", ("BUY", "NSE:INFY", "10", None)),
    ("buy 10 INFY at market, cnc", ("BUY", "NSE:INFY", "10", None)),
    ("bhaiya sell 7 tcs limit 3500 zaroor", ("SELL", "NSE:TCS", "7", "3500")),
    ("don't buy 10 infy", None),
    ("infy kidhar jaa raha bhaiya", None),
    ("should i sell 5 tcs", None),
    ("my friend said buy 20 sbin zaroor", None),
    ("infy 100 zaroor", None),
    ("cancel wala tcs hatana zaroor", None),
    ("good morning bhaiya", None),
)


@pytest.mark.parametrize("parser", [ParserName.HYBRID, ParserName.LLM])
async def test_no_reply_makes_an_order_that_the_words_do_not_carry(
    settings: Settings, location: DatabaseLocation, parser: ParserName
) -> None:
    fuzz, wanted = Fuzz(seed=20260311), many(full=500, quick=40)
    statuses: Counter[int] = Counter()
    outcomes: Counter[str] = Counter()
    wrong: list[tuple[str, Any]] = []
    async with (
        open_modelled(settings, location, fuzz, parser=parser, model_timeout_s=2.0) as run,
        run.desk.client() as client,
    ):
        turn = 0
        while fuzz.made < wanted:
            message, carried = MESSAGES[turn % len(MESSAGES)]
            turn += 1
            reply = await client.post("/api/v1/chat", json={"message": message})
            statuses[reply.status_code] += 1
            answer = reply.json()
            if answer.get("error_code") == "MEANING_UNSURE":
                said = {"message": "yes", "thread_id": answer["thread_id"]}
                answer = (await client.post("/api/v1/chat", json=said)).json()
            outcomes[answer["outcome"]] += 1
            for plan in [answer["intent"]] if answer["intent"] else []:
                if carried is None or _of(plan) != carried:
                    wrong.append((message, _of(plan)))
        orders = (await client.get("/api/v1/orders")).json()["rows"]
    tell(f"model {parser}", replies=fuzz.made, turns=turn, **outcomes)
    assert wrong == []
    assert orders == []
    assert set(statuses) == {200}
    assert outcomes["FAILED"] == 0
    assert outcomes["AWAITING_APPROVAL"] > 0


def _of(intent: dict[str, Any]) -> Carried:
    (symbol,) = intent["symbols"]
    assert intent["sizing"]["method"] == "quantity"
    limit = intent.get("limit_price")
    return (
        intent["side"],
        f"{symbol['exchange']}:{symbol['tradingsymbol']}",
        intent["sizing"]["value"],
        None if limit is None else str(Decimal(limit)),
    )
