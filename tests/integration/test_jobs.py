"""Orders, cards and accounts are looked after without anybody asking, by whichever worker lives."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from adapters.brokers.mock.script import AcceptAndLoseReply
from app.identity.principal import OWNER_TENANT
from app.jobs.parts import BACK_OFF_S
from app.persistence import job_schema, jobs
from app.persistence.embedded import EmbeddedServer
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.orders import BrokerTrade
from tests.fakes.brokers import Crash
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import TEMPLATE, Desk, location_of
from tests.integration.driving import MOCK_ACCOUNT, approve, as_owner, orders_of, propose, rows, say
from tests.integration.jobs import jobs_of, run_jobs

RESTING = "buy 10 INFY limit 990, cnc"
FOLLOW = jobs.follow_account(OWNER_TENANT, MOCK_ACCOUNT)


async def crash() -> None:
    raise Crash


def broken(_trades: Sequence[BrokerTrade]) -> Sequence[BrokerTrade]:
    raise ZeroDivisionError


async def trade_resting(desk: Desk) -> None:
    """Have an order accepted that does not fill at the present price."""
    async with desk.client() as client:
        done = await approve(client, await propose(client, RESTING))
        assert done.json()["orders"][0]["state"] == "OPEN"


async def test_a_job_is_there_if_and_only_if_what_it_serves_was_committed(
    desk: Desk, location: DatabaseLocation
) -> None:
    database = desk.container.database

    async def break_off() -> None:
        async with database.tenant(OWNER_TENANT) as session:
            await jobs.defer(session, FOLLOW)
            raise Crash

    with pytest.raises(Crash):
        await break_off()
    rolled_back = jobs_of(location, "follow_account")
    async with database.tenant(OWNER_TENANT) as session:
        await jobs.defer(session, FOLLOW)
        before_commit = jobs_of(location, "follow_account")

    assert (rolled_back, before_commit) == ([], [])
    assert [job["args"] for job in jobs_of(location, "follow_account")] == [
        {"tenant_id": OWNER_TENANT, "account_id": MOCK_ACCOUNT, "attempt": 0}
    ]


async def test_an_approval_that_breaks_leaves_neither_orders_nor_a_job_that_follows_them(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with a_bench().desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        as_owner(
            location,
            "ALTER TABLE orders ADD CONSTRAINT nothing_goes CHECK (quantity < 0)",
        )
        refused = await approve(client, card)

    assert refused.status_code == 500
    assert jobs_of(location, "follow_account") == []


async def test_of_equal_work_one_job_waits_and_comes_at_the_earlier_time(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        await jobs.defer(session, FOLLOW, after=timedelta(seconds=30), attempt=4)
        await jobs.defer(session, FOLLOW, after=timedelta(seconds=2))
        await jobs.defer(session, FOLLOW, after=timedelta(seconds=60), attempt=9)
    (waiting,) = jobs_of(location, "follow_account")

    assert waiting["args"]["attempt"] == 0
    assert waiting["due_in"] <= 2


async def test_a_job_that_waits_for_its_time_holds_no_other_of_its_account_back(
    desk: Desk, location: DatabaseLocation
) -> None:
    work = jobs.reconcile_account(OWNER_TENANT, MOCK_ACCOUNT)
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        await jobs.defer(session, FOLLOW, after=timedelta(seconds=30))
        await jobs.defer(session, work)
    (waiting,) = jobs_of(location, "follow_account")
    (due,) = jobs_of(location, "reconcile_account")

    assert waiting["lock"] is None
    assert due["lock"] == f"account:{OWNER_TENANT}:{MOCK_ACCOUNT}"


async def test_an_order_filled_later_is_booked_by_its_job_without_anybody_asking(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        await trade_resting(desk)
        await run_jobs(desk, location)
        (again,) = jobs_of(location, "follow_account")
        bench.price(980)
        await run_jobs(desk, location)
        stored = rows(location, "SELECT state, filled_quantity FROM orders")
        fills = rows(location, "SELECT 1 FROM fills")
        held = rows(location, "SELECT quantity FROM ledger_positions")

    assert (again["args"]["attempt"], again["due_in"] <= BACK_OFF_S[0]) == (1, True)
    assert [(row["state"], row["filled_quantity"]) for row in stored] == [("FILLED", 10)]
    assert (len(fills), [row["quantity"] for row in held]) == (1, [10])
    assert jobs_of(location, "follow_account") == []
    check(location, bench.mock)


async def test_while_an_order_rests_it_is_asked_for_ever_less_often(
    settings: Settings, location: DatabaseLocation
) -> None:
    waits = []
    async with a_bench().desk(settings, location) as desk:
        await trade_resting(desk)
        for _ in range(len(BACK_OFF_S) + 1):
            await run_jobs(desk, location)
            (job,) = jobs_of(location, "follow_account")
            waits.append(-(-job["due_in"] // 1))

    assert waits == [*BACK_OFF_S, BACK_OFF_S[-1]]


async def test_two_plans_of_one_account_are_followed_by_one_job(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with a_bench().desk(settings, location) as desk, desk.client() as client:
        for message in (RESTING, "buy 5 TCS limit 1900, cnc"):
            await approve(client, await propose(client, message))
        followed = jobs_of(location, "follow_account")

    assert len(followed) == 1


async def test_an_order_whose_sender_died_is_settled_by_the_job_of_its_approval(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.broker.after_order = crash
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        with pytest.raises(Crash):
            await approve(client, card)
        # The lease of the dead sender is over after five seconds.
        bench.clock.advance(seconds=6)
        await run_jobs(desk, location)
        orders = await orders_of(client)

    assert [order["state"] for order in orders] == ["FILLED"]
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_an_order_in_doubt_is_looked_for_again_soon(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        bench.mock.script(AcceptAndLoseReply())
        bench.mock.hide_new_orders(reads=1_000)
        await approve(client, await propose(client))
        for _ in range(4):
            await run_jobs(desk, location)
        (job,) = jobs_of(location, "follow_account")
        in_doubt = await orders_of(client)

    assert [order["state"] for order in in_doubt] == ["UNKNOWN"]
    assert job["due_in"] <= 2


async def test_a_broker_that_is_down_is_asked_again_ever_later_and_nothing_is_lost(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    waits = []
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade_resting(desk)
        bench.mock.go_down()
        for _ in range(3):
            await run_jobs(desk, location)
            (job,) = jobs_of(location, "follow_account")
            waits.append(-(-job["due_in"] // 1))
        failed = jobs_of(location, "follow_account", "failed")
        bench.mock.come_up()
        bench.price(980)
        await run_jobs(desk, location)
        orders = await orders_of(client)

    assert (waits, failed) == (list(BACK_OFF_S[:3]), [])
    assert [order["state"] for order in orders] == ["FILLED"]
    check(location, bench.mock)


async def test_a_job_that_breaks_is_seen_as_failed_and_comes_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        await trade_resting(desk)
        bench.broker.change_trades = broken
        await run_jobs(desk, location)
        failed = jobs_of(location, "follow_account", "failed")
        (again,) = jobs_of(location, "follow_account")

    assert len(failed) == 1
    assert again["args"]["attempt"] == 1


async def test_a_pending_card_ends_by_itself_when_its_time_is_over(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        await run_jobs(desk, location)
        before = rows(location, "SELECT status FROM cards WHERE card_id = %s", card)
        (job,) = jobs_of(location, "expire_card")
        bench.clock.advance(seconds=settings.card_ttl_s)
        await run_jobs(desk, location)
        after = rows(location, "SELECT status FROM cards WHERE card_id = %s", card)
        late = await approve(client, card)
        audited = rows(location, "SELECT action FROM audit_log WHERE entity_id = %s", card)

    assert (before, after) == ([{"status": "PENDING"}], [{"status": "EXPIRED"}])
    assert 0 < job["due_in"] <= settings.card_ttl_s
    assert (late.status_code, late.json()["detail"]) == (409, "the card is EXPIRED")
    assert [row["action"] for row in audited] == ["card.shown", "card.expired"]
    assert jobs_of(location, "expire_card") == []


async def test_a_card_that_was_decided_is_left_as_it_is(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        await approve(client, card)
        bench.clock.advance(seconds=settings.card_ttl_s)
        await run_jobs(desk, location)
        stored = rows(location, "SELECT status FROM cards WHERE card_id = %s", card)

    assert stored == [{"status": "APPROVED"}]


async def test_a_window_is_claimed_once_and_every_account_is_compared_in_it(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with a_bench().desk(settings, location) as desk:
        waits = []
        for _ in range(3):
            async with desk.container.database.installation() as session:
                wait = await jobs.claim_window(
                    session, "reconcile_round", queue=jobs.EVERYWHERE, every_s=3_600
                )
            waits.append(wait)
        claimed = jobs_of(location, "reconcile_round")
        await run_jobs(desk, location)
        compared = rows(location, "SELECT account_id FROM reconciliations ORDER BY account_id")

    assert all(0 < wait <= 3_600 for wait in waits)
    assert len(claimed) == 1
    assert [row["account_id"] for row in compared] == ["mock-inr", "mock-usd"]


async def test_a_following_that_was_lost_is_taken_up_again_by_the_next_comparison(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with a_bench().desk(settings, location) as desk:
        await trade_resting(desk)
        as_owner(location, "DELETE FROM jobs.procrastinate_jobs")
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            await jobs.defer(session, jobs.reconcile_account(OWNER_TENANT, MOCK_ACCOUNT))
        await run_jobs(desk, location)

    assert len(jobs_of(location, "follow_account")) == 1


async def test_a_turn_whose_end_was_not_stored_is_ended_by_the_servers_worker(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        turn = await say(client, "positions")
        as_owner(location, "UPDATE runs SET status = 'RUNNING', outcome = NULL, finished_at = NULL")
        bench.clock.advance(seconds=61)
        async with desk.container.database.installation() as session:
            await jobs.claim_window(session, "end_stale_turns", queue=jobs.SERVER, every_s=60)
        await run_jobs(desk, location)
        stored = rows(location, "SELECT status FROM runs WHERE run_id = %s", turn["run_id"])

    assert stored == [{"status": "FINISHED"}]


def test_the_tables_are_set_up_once_and_again_without_harm(postgres: EmbeddedServer) -> None:
    location = location_of(postgres, TEMPLATE)
    before = rows(location, "SELECT count(*) AS n FROM jobs.applied_migrations")
    job_schema.set_up(location.owner_conninfo)

    assert rows(location, "SELECT count(*) AS n FROM jobs.applied_migrations") == before
    assert before[0]["n"] > 0
