"""What a verdict is judged against, and what has to be priced for it."""

from decimal import Decimal

import pytest

from app.gate.service import World
from app.pipeline.world import make_world, priced_instruments
from riskgate.contracts.orders import BrokerOrderStatus, ExecutionMode
from riskgate.contracts.snapshots import Quote, QuoteSource
from tests.fakes.turn import FakeSystem
from tests.unit.riskgate.builders import (
    a_position,
    a_quote,
    a_ref,
    a_snapshot,
    an_instrument,
    an_open_order,
    changed,
)

INFY, TCS = a_ref(), a_ref("TCS")


def from_source(source: QuoteSource, symbol: str = "INFY") -> Quote:
    return changed(a_quote(symbol), source=source)


def test_everything_traded_held_or_resting_is_priced_once() -> None:
    book = a_snapshot(
        positions=(a_position(1), a_position(0, "GOOG")),
        holdings=(a_position(1, "SBIN"), a_position(2)),
        orders=(
            an_open_order(symbol="WIPRO"),
            an_open_order(symbol="ITC", status=BrokerOrderStatus.CANCELLED),
            an_open_order(symbol="LT", filled_quantity=Decimal(10)),
        ),
    )
    refs = priced_instruments([TCS, INFY], book)
    assert [ref.tradingsymbol for ref in refs] == ["TCS", "INFY", "SBIN", "WIPRO"]


def test_a_world_has_the_rows_of_what_is_quoted_and_known() -> None:
    quotes = [a_quote(), a_quote("TCS"), a_quote()]
    directory = FakeSystem(rows={INFY: an_instrument()})
    world = make_world(a_snapshot(), quotes, directory, asked=[INFY, TCS], mode=ExecutionMode.PAPER)
    assert world == World(
        snapshot=a_snapshot(),
        quotes=tuple(quotes),
        asked=frozenset({INFY, TCS}),
        instruments=(an_instrument(),),
        always_open=True,
        live=False,
    )


@pytest.mark.parametrize(
    ("quotes", "ours"),
    [
        ([], False),
        ([from_source(QuoteSource.SIMULATED)], True),
        ([from_source(QuoteSource.REPLAY), from_source(QuoteSource.SIMULATED, "TCS")], True),
        ([from_source(QuoteSource.BROKER)], False),
        ([from_source(QuoteSource.SIMULATED), from_source(QuoteSource.BROKER, "TCS")], False),
    ],
)
def test_only_a_market_of_our_own_is_always_open(quotes: list[Quote], ours: bool) -> None:
    world = make_world(a_snapshot(), quotes, FakeSystem(), asked=(), mode=ExecutionMode.PAPER)
    assert world.always_open is ours


@pytest.mark.parametrize("mode", list(ExecutionMode))
def test_a_world_is_live_only_at_a_live_broker(mode: ExecutionMode) -> None:
    world = make_world(a_snapshot(), [a_quote()], FakeSystem(), asked=(), mode=mode)
    assert world.live is (mode is ExecutionMode.LIVE)
