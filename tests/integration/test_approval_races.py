"""Eight at once decide on one card: one of them does, once, and at most one order goes out."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

from app.approvals.expiry import expire
from app.approvals.rules import Approver
from app.errors import Conflict
from app.identity.principal import OWNER_TENANT, Role
from app.persistence import orders
from app.persistence.database import Session
from app.persistence.location import DatabaseLocation
from app.pipeline.decisions import CardDecision
from app.settings import Settings
from riskgate.policy import Policy
from tests.figures import many, tell
from tests.integration.approved import pattern
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import person, rows, set_policy

SEED = 16
RACES = many(full=1_000, quick=100)
TTL_S = 300
EDIT = {"edits": {"quantity": "1000"}}
LOST = "LOST"
# An approval looks at the world before it decides, a rejection does not: it starts later, or not.
HEAD_STARTS_S = (0.0, 0.01, 0.05, 0.2)
DECIDED = (
    "SELECT entity_id, action FROM audit_log WHERE entity = 'card'"
    " AND action IN ('card.approved', 'card.rejected', 'card.expired', 'card.void')"
)

Actor = Callable[[], Awaitable[str]]


async def nobody_wakes(_session: Session, _decision: CardDecision) -> None:
    """The one who approved carries it out in these tests."""


class Table:
    """Who sits at it decides on a card; each says what came of it, LOST when another was first."""

    def __init__(self, desk: Desk, owner: Approver, second: Approver) -> None:
        self._desk = desk
        self._owner = owner
        self._second = second

    def around(self, card_id: str, head_start_s: float) -> list[Actor]:
        """Return the eight; approvals have a head start."""
        owner, second = self._owner, self._second

        async def later(act: Awaitable[str]) -> str:
            await asyncio.sleep(head_start_s)
            return await act

        return [
            lambda: self._approve(card_id, owner),
            lambda: self._approve(card_id, owner),
            lambda: self._approve(card_id, second),
            lambda: self._approve(card_id, second),
            lambda: later(self._reject(card_id, owner)),
            lambda: later(self._reject(card_id, second)),
            lambda: self._edit(card_id),
            lambda: later(self._expire(card_id)),
        ]

    async def _approve(self, card_id: str, by: Approver) -> str:
        decisions = self._desk.container.services.decisions
        try:
            done = await decisions.approve(
                OWNER_TENANT, card_id, by=by, comment=None, wake=nobody_wakes
            )
        except Conflict as late:
            if late.code != "CARD_ALREADY_DECIDED":
                raise
            return LOST
        assert done.approved, done.refusal
        # Whoever is told that it is approved carries it out, first or not.
        plan_id = done.card.plan_id or ""
        await self._desk.container.engine.execute(OWNER_TENANT, plan_id, follow=False)
        return LOST if done.repeated else "APPROVED"

    async def _reject(self, card_id: str, by: Approver) -> str:
        decisions = self._desk.container.services.decisions
        try:
            done = await decisions.reject(
                OWNER_TENANT, card_id, by=by, comment=None, wake=nobody_wakes
            )
        except Conflict as late:
            if late.code != "CARD_ALREADY_DECIDED":
                raise
            return LOST
        return LOST if done.repeated else "REJECTED"

    async def _edit(self, card_id: str) -> str:
        async with self._desk.client() as client:
            said = await client.post(f"/api/v1/cards/{card_id}/approve", json=EDIT)
        assert (said.status_code, said.json()["code"]) == (422, "CARD_EDIT_NOT_ALLOWED")
        return LOST

    async def _expire(self, card_id: str) -> str:
        """End the card as a process does whose clock is ahead."""
        at = self._desk.container.services.clock.now() + timedelta(seconds=TTL_S)
        async with self._desk.container.database.tenant(OWNER_TENANT) as session:
            await expire(session, card_id, at=at)
        return LOST


async def test_eight_who_decide_at_once_make_one_transition_and_at_most_one_order(
    settings: Settings, location: DatabaseLocation
) -> None:
    chance, bench = Random(SEED), a_bench()
    winners: list[Counter[str]] = []
    card_ids: list[str] = []
    async with bench.desk(settings, location) as desk:
        # Without limits, so that only the race decides.
        await set_policy(desk, location, Policy(version="2"))
        bench.price(10)
        made = await pattern(bench, desk, "buy 1 INFY at market, cnc")
        await person(desk, "second", Role.APPROVER)
        (second,) = rows(location, "SELECT user_id FROM users WHERE name = 'second'")
        table = Table(
            desk,
            Approver(user_id=made.card.user_id, roles=frozenset({"trader"})),
            Approver(user_id=second["user_id"], roles=frozenset({"approver"})),
        )
        for race in range(RACES):
            bench.clock.advance(seconds=1)
            bench.price(10)
            card_id = await made.shown(f"{race}", ttl_s=TTL_S)
            actors = table.around(card_id, chance.choice(HEAD_STARTS_S))
            chance.shuffle(actors)
            came_to = await asyncio.gather(*(act() for act in actors))
            winners.append(Counter(one for one in came_to if one != LOST))
            card_ids.append(card_id)
        placed = Counter(bench.broker.placed)
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            ordered = {
                card_id: len(await orders.plan_orders(session, card_id.replace("crd_", "pln_")))
                for card_id in card_ids
            }

    shown = rows(location, "SELECT card_id, status FROM cards WHERE card_id = ANY(%s)", card_ids)
    status = {row["card_id"]: row["status"] for row in shown}
    audited = Counter(row["entity_id"] for row in rows(location, DECIDED))
    ends = Counter(status.values())
    tell(
        "approval races",
        races=RACES,
        deciding_at_once=8,
        ends=dict(ends),
        transitions=sum(audited[card_id] for card_id in card_ids),
        orders=sum(ordered.values()),
        sent=sum(placed.values()),
    )
    assert ends.keys() == {"APPROVED", "REJECTED", "EXPIRED"}
    assert {audited[card_id] for card_id in card_ids} == {1}
    for card_id, won in zip(card_ids, winners, strict=True):
        expected = {} if status[card_id] == "EXPIRED" else {status[card_id]: 1}
        assert won == expected, card_id
        assert ordered[card_id] == (status[card_id] == "APPROVED"), card_id
    assert set(placed.values()) <= {1}
    assert len(placed) == ends["APPROVED"] == sum(ordered.values())
    check(location, bench.mock)
