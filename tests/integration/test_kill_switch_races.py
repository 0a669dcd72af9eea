"""A kill switch pulled while orders go out: once it was answered, no more of them are claimed."""

import asyncio
import time
from dataclasses import dataclass, field
from random import Random

from app.gate.kill_switch import LevelChange, set_level
from app.identity.principal import OWNER_TENANT
from app.persistence import accounts
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.orders import OrderState
from tests.figures import many, tell
from tests.integration.approved import orders_by_plan, pattern
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import MOCK_ACCOUNT, rows

SEED = 20
RACES = many(full=500, quick=40)
PLANS = 3
# A fair part of a send takes longer than the first of these, and all of it less than the last.
DELAYS_S = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05)
LATE_MS = 100
HALTS = (
    "SELECT seq FROM audit_log WHERE action = 'kill_switch.set' AND body->>'to' = 'HALTED'"
    " ORDER BY seq"
)
CLAIMS = "SELECT entity_id, seq FROM audit_log WHERE action = 'order.sending'"


@dataclass
class Stamps:
    """When each order's call to the broker began, by the monotonic clock in nanoseconds."""

    began_ns: dict[str, int] = field(default_factory=dict)


async def run_again(desk: Desk) -> None:
    """Turn the switch off, as the risk admin may."""
    clock = desk.container.services.clock
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        await accounts.lock_account(session, MOCK_ACCOUNT)
        change = LevelChange(
            account_id=MOCK_ACCOUNT,
            level=KillSwitchLevel.RUNNING,
            reason="the race is over",
            by="usr-1",
            may_loosen=True,
        )
        await set_level(session, change, at=clock.now())


async def test_no_order_is_claimed_after_a_halt_was_answered(
    settings: Settings, location: DatabaseLocation
) -> None:
    """Both hold the account, so a claim stands before the halt or finds it; then it is called."""
    chance, bench, stamps = Random(SEED), a_bench(), Stamps()
    lateness_ms: list[float] = []
    states: dict[str, tuple[int, OrderState]] = {}
    tags: dict[str, str] = {}

    async def stamp() -> None:
        stamps.began_ns[bench.broker.placed[-1]] = time.monotonic_ns()

    bench.broker.before_order = stamp
    async with bench.desk(settings, location) as desk, desk.client() as client:
        made = await pattern(bench, desk)
        engine = desk.container.engine
        for race in range(RACES):
            plan_ids = [await made.approved(f"{race}_{each}") for each in range(PLANS)]

            async def halt(delay_s: float) -> int:
                await asyncio.sleep(delay_s)
                said = await client.post(
                    "/api/v1/kill-switch", json={"level": "HALTED", "reason": "enough"}
                )
                assert said.status_code == 200, said.text
                return time.monotonic_ns()

            halting = asyncio.create_task(halt(chance.choice(DELAYS_S)))
            await asyncio.gather(*(engine.execute(OWNER_TENANT, one) for one in plan_ids))
            answered_ns = await halting
            for order in await orders_by_plan(desk, plan_ids):
                states[order.intent.order_id] = race, order.state
                tags[order.intent.order_id] = order.intent.tag
                began_ns = stamps.began_ns.get(order.intent.tag)
                if began_ns is not None:
                    lateness_ms.append((began_ns - answered_ns) / 1e6)
            await run_again(desk)

    halts = [row["seq"] for row in rows(location, HALTS)]
    claims = {row["entity_id"]: row["seq"] for row in rows(location, CLAIMS)}
    claimed_late = [one for one, seq in claims.items() if seq > halts[states[one][0]]]
    called_unclaimed = {tags[one] for one in tags.keys() - claims.keys()} & stamps.began_ns.keys()
    sent = sum(state is OrderState.FILLED for _, state in states.values())
    stopped = sum(state is OrderState.EXPIRED for _, state in states.values())
    tell(
        "kill switch",
        races=RACES,
        orders=len(states),
        sent=sent,
        stopped=stopped,
        claimed_after_the_halt=len(claimed_late),
        calls_begun_after_its_answer=sum(ms > 0 for ms in lateness_ms),
        of_those_over_100_ms=sum(ms > LATE_MS for ms in lateness_ms),
        latest_ms=round(max(lateness_ms), 2),
    )
    assert len(halts) == RACES
    assert (claimed_late, called_unclaimed) == ([], set())
    assert sent + stopped == len(states) == RACES * PLANS
    assert sent > 0
    assert stopped > 0
    check(location, bench.mock)
