"""Fifty ways a broker's truth differs are found in one round with the right cause, and no others.

Five books of ten differences: every cause, in shapes and sizes that the seed throws.
"""

from decimal import Decimal
from random import Random

import pytest

from adapters.brokers.mock.script import AcceptAndLoseReply, Partial, Reject
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.traces import DeltaCause
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.driving import reconcile, trade
from tests.integration.truth import SHAPES, Play, not_shown_yet

NAMES = ["INFY", "TCS", "CIPLA", "BEL", "ITC", "SBIN", "NTPC", "ONGC", "MARUTI", "GRASIM"]
REFS = [InstrumentRef(exchange=Exchange.NSE, tradingsymbol=name) for name in NAMES]
# An own order on the other side would be refused.
SOLD = REFS[-1]


@pytest.mark.parametrize("seed", range(5))
async def test_ten_differences_are_found_in_one_round_with_their_causes_and_no_others(
    settings: Settings, location: DatabaseLocation, seed: int
) -> None:
    bench, dice = a_bench(), Random(seed)
    for ref in REFS:
        bench.price(100, ref)
    places = dice.sample(REFS, len(REFS))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        play = Play(bench, client, dice)
        tampers = [await shape(play, ref) for shape, ref in zip(SHAPES, places, strict=False)]
        bench.clock.advance(seconds=60)
        tampers.append(await not_shown_yet(play, places[-1]))
        before = await reconcile(client)
        planted = [tamper() for tamper in tampers]
        bench.broker.change_snapshot = play.seen
        found = (await reconcile(client))["reconciliation"]["deltas"]

    causes = {key: cause for one in planted for key, cause in one.items()}
    assert len(planted) == 10
    assert {delta["key"]: DeltaCause(delta["cause"]) for delta in found} == causes
    assert all(delta["proof"]["evidence"] for delta in found)
    early = {delta["key"] for delta in before["reconciliation"]["deltas"]}
    assert early <= {key for key in causes if key.startswith("order:")}
    check(location, bench.mock)


async def test_fifty_clean_books_show_no_difference(
    settings: Settings, location: DatabaseLocation
) -> None:
    """Each round makes another book out of fills, parts, refusals and lost replies."""
    bench, dice = a_bench(), Random(7)
    for ref in REFS:
        bench.price(100, ref)
    matched = []
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, f"buy 500 {SOLD} at market, cnc")
        for _ in range(50):
            bench.clock.advance(seconds=61)
            bench.mock.script(
                dice.choice([Partial(Decimal(dice.choice(["0.2", "0.6"]))), Reject("no"), None])
                or AcceptAndLoseReply()
            )
            side, size = dice.choice(["buy", "buy", "sell"]), dice.randint(1, 5)
            ref = SOLD if side == "sell" else dice.choice(REFS[:-1])
            await trade(client, f"{side} {size} {ref} at market, cnc")
            matched.append((await reconcile(client))["matched"])

    assert matched == [True] * 50
    check(location, bench.mock)
