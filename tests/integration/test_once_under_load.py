"""A hundred clients and a hundred keys: as many orders as keys, and one answer for each key."""

import asyncio

import httpx

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.policy import Policy
from tests.figures import many, tell
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.driving import approve, propose, rows, set_policy

KEYS = many(full=100, quick=10)
PARALLEL = 100
AT_ONCE = 4
AGAIN_MAX = 60


class Client:
    """Sends an approval until it is answered, as a key in flight and a busy server ask."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.sent = 0
        self.told_to_wait = 0

    async def approve(self, card_id: str, key: str) -> httpx.Response:
        for _ in range(AGAIN_MAX):
            self.sent += 1
            said = await approve(
                self._http, card_id, headers={"Idempotency-Key": key}, json={"comment": key}
            )
            if said.status_code not in {409, 503}:
                return said
            # A busy server's 503 is asked again with the same key, as its Retry-After says.
            assert said.status_code == 503 or said.json()["code"] == "IDEMPOTENCY_IN_FLIGHT"
            self.told_to_wait += 1
            await asyncio.sleep(float(said.headers["Retry-After"]))
        raise AssertionError(f"{key} was never answered")


async def test_a_hundred_parallel_requests_of_each_key_make_one_order_and_one_answer(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as http:
        # Without limits, so that every key has room for its order.
        await set_policy(desk, location, Policy(version="2"))
        bench.price(10)
        card_ids = [await propose(http, "buy 1 INFY at market, cnc") for _ in range(KEYS)]
        client, turns = Client(http), asyncio.Semaphore(AT_ONCE)

        async def all_at_once(card_id: str) -> tuple[list[httpx.Response], httpx.Response]:
            """Return the answers of one key, and what it says to another payload."""
            key = f"key-{card_id}"
            async with turns:
                replies = await asyncio.gather(
                    *(client.approve(card_id, key) for _ in range(PARALLEL))
                )
            return replies, await approve(http, card_id, headers={"Idempotency-Key": key}, json={})

        done = await asyncio.gather(*map(all_at_once, card_ids))

    answers, others = [replies for replies, _ in done], [other for _, other in done]
    stored = rows(location, "SELECT plan_id, state, filled_quantity FROM orders")
    equal = sum(len({reply.content for reply in replies}) == 1 for replies in answers)
    replayed = sum(
        "Idempotency-Replayed" in reply.headers for replies in answers for reply in replies
    )
    tell(
        "once under load",
        keys=KEYS,
        parallel=PARALLEL,
        requests=client.sent,
        told_to_wait=client.told_to_wait,
        replayed=replayed,
        keys_with_one_answer=equal,
        orders=len(stored),
        sent=len(bench.broker.placed),
    )
    assert {reply.status_code for replies in answers for reply in replies} == {200}
    assert equal == KEYS
    assert replayed == KEYS * (PARALLEL - 1)
    assert {reply.json()["outcome"] for replies in answers for reply in replies} == {"EXECUTED"}
    assert {(other.status_code, other.json()["code"]) for other in others} == {
        (422, "IDEMPOTENCY_PAYLOAD_MISMATCH")
    }
    assert len(stored) == len({row["plan_id"] for row in stored}) == KEYS
    assert len(bench.broker.placed) == len(set(bench.broker.placed)) == KEYS
    check(location, bench.mock)
