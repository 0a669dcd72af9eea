"""A database that is shot under load: what was acknowledged is there when it is back."""

import asyncio
from collections import Counter
from random import Random
from typing import Any

from app.identity.principal import OWNER_TENANT
from app.settings import Settings
from riskgate.contracts.orders import OrderState
from riskgate.policy import Policy
from tests.faults.conftest import Durable, until_it_answers
from tests.figures import many, tell
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.driving import approve, propose, rows, set_policy

SEED = 11
STOPS = many(full=100, quick=3)
AT_ONCE = 6
STOP_AFTER_MAX_S = 0.5
# Longer than a lease, so that what was being sent may be looked after.
LATER_S = 6
ORDERS = "SELECT order_id, state, tag, broker_order_id, sent_at FROM orders"


async def test_what_was_acknowledged_survives_every_immediate_stop(
    settings: Settings, durable: Durable
) -> None:
    """A card shown before a stop is approved after it too (langchain-ai/langgraph#6107)."""
    chance, bench = Random(SEED), a_bench()
    said: Counter[str] = Counter()
    acknowledged: dict[str, dict[str, Any]] = {}
    async with bench.desk(settings, durable.location) as desk, desk.client() as client:
        await set_policy(desk, durable.location, Policy(version="2"))
        bench.price(10)
        for _ in range(STOPS):
            bench.price(10)
            cards = [await propose(client, "buy 1 INFY at market, cnc") for _ in range(AT_ONCE)]

            async def stop_and_start() -> None:
                await asyncio.sleep(chance.uniform(0, STOP_AFTER_MAX_S))
                await asyncio.to_thread(durable.end_at_once)
                await asyncio.to_thread(durable.start)

            stopping = asyncio.create_task(stop_and_start())
            replies = await asyncio.gather(*(approve(client, card) for card in cards[:-1]))
            await stopping
            await until_it_answers(client)
            replies.append(await approve(client, cards[-1]))
            for reply in replies:
                answer = reply.json()
                said[f"{reply.status_code} {answer.get('outcome') or answer.get('code')}"] += 1
                if reply.status_code == 200:
                    acknowledged |= {order["order_id"]: order for order in answer["orders"]}
            bench.clock.advance(seconds=LATER_S)
            await desk.container.engine.recover(OWNER_TENANT)
        bench.clock.advance(minutes=1)
        await desk.container.engine.recover(OWNER_TENANT)

    stored = {row["order_id"]: row for row in rows(durable.location, ORDERS)}
    lost = [
        order_id
        for order_id, order in acknowledged.items()
        if order_id not in stored
        or (order["state"] == "FILLED" and stored[order_id]["state"] != "FILLED")
    ]
    written = {row["tag"] for row in stored.values() if row["sent_at"] is not None}
    sent = Counter(bench.broker.placed)
    states = Counter(row["state"] for row in stored.values())
    tell(
        "stopped at once",
        stops=STOPS,
        answers=dict(said),
        acknowledged=len(acknowledged),
        acknowledged_and_lost=len(lost),
        sent=sum(sent.values()),
        sent_without_a_write_ahead=len(sent.keys() - written),
        states=dict(states),
    )
    assert lost == []
    assert sent.keys() <= written
    assert set(sent.values()) <= {1}
    assert {one.split()[0] for one in said} <= {"200", "409", "503"}
    assert said["200 EXECUTED"] >= STOPS
    assert OrderState.SENDING not in states
    check(durable.location, bench.mock)
