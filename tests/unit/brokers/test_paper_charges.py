from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from adapters.brokers.paper.settings import PaperSettings
from adapters.brokers.paper.state import PaperState, read_state
from adapters.errors import OrderRejected
from adapters.tariffs import indian_tariff
from riskgate.charges import Charges, Executed, charges
from riskgate.contracts.instruments import (
    Currency,
    Exchange,
    Instrument,
    InstrumentKind,
    InstrumentRef,
)
from riskgate.contracts.orders import Product, Side
from riskgate.tariff import ChargeKind, Tariff
from tests.fakes.instruments import GOOG, INFY, an_instrument
from tests.fakes.orders import ACCOUNT, an_order
from tests.unit.brokers.paper_bench import PaperBench

BUY, SELL = Side.BUY, Side.SELL
CNC, MIS, NRML = Product.CNC, Product.MIS, Product.NRML
MARCH_2026, APRIL_2026 = date(2026, 3, 31), date(2026, 4, 1)

SHARE = an_instrument(INFY)
BSE_SHARE = an_instrument(InstrumentRef(exchange=Exchange.BSE, tradingsymbol="INFY"))
FUTURE = an_instrument(
    InstrumentRef(exchange=Exchange.NFO, tradingsymbol="INFYFUT"), kind=InstrumentKind.FUTURE
)
OPTION = an_instrument(
    InstrumentRef(exchange=Exchange.NFO, tradingsymbol="INFYCE"), kind=InstrumentKind.CALL
)


def the_bill(
    instrument: Instrument, product: Product, side: Side, turnover: str, on: date = MARCH_2026
) -> Charges:
    order = an_order(instrument=instrument.ref, product=product, side=side, limit="1")
    executed = Executed(
        terms=order,
        instrument=instrument,
        on=on,
        turnover=Decimal(turnover),
        bears_dp=product is CNC and side is SELL,
    )
    return charges(executed, indian_tariff())


def lines(bill: Charges) -> Sequence[str]:
    """Write brokerage, STT, exchange, investor protection, SEBI, stamp duty, GST and DP."""
    return [f"{bill.line(kind):.2f}" for kind in ChargeKind]


@pytest.mark.parametrize(
    ("instrument", "product", "side", "turnover", "expected"),
    [
        (SHARE, CNC, BUY, "100000", "0.00 100.00 2.97 0.10 0.10 15.00 0.57 0.00"),
        (SHARE, CNC, SELL, "100000", "0.00 100.00 2.97 0.10 0.10 0.00 0.57 15.34"),
        (SHARE, MIS, BUY, "50000", "15.00 0.00 1.49 0.05 0.05 1.50 2.99 0.00"),
        (SHARE, MIS, SELL, "1000000", "20.00 250.00 29.70 1.00 1.00 0.00 9.31 0.00"),
        (FUTURE, NRML, BUY, "1000000", "20.00 0.00 17.30 1.00 1.00 20.00 7.07 0.00"),
        (FUTURE, NRML, SELL, "1000000", "20.00 200.00 17.30 1.00 1.00 0.00 7.07 0.00"),
        (OPTION, NRML, BUY, "10000", "20.00 0.00 3.50 0.05 0.01 0.30 4.24 0.00"),
        (OPTION, MIS, SELL, "10000", "20.00 10.00 3.50 0.05 0.01 0.00 4.24 0.00"),
        (BSE_SHARE, CNC, BUY, "100000", "0.00 100.00 3.75 0.00 0.10 15.00 0.69 0.00"),
    ],
)
def test_every_line_of_the_bill_is_the_table_rate_rounded_to_the_paisa(
    instrument: Instrument, product: Product, side: Side, turnover: str, expected: str
) -> None:
    assert lines(the_bill(instrument, product, side, turnover)) == expected.split()


@pytest.mark.parametrize(
    ("instrument", "on", "stt"),
    [
        (FUTURE, MARCH_2026, "200.00"),
        (FUTURE, APRIL_2026, "500.00"),
        (OPTION, MARCH_2026, "1000.00"),
        (OPTION, APRIL_2026, "1500.00"),
    ],
)
def test_the_rates_of_the_trade_date_hold(instrument: Instrument, on: date, stt: str) -> None:
    assert the_bill(instrument, NRML, SELL, "1000000", on).stt == Decimal(stt)


def test_half_a_paisa_rounds_up() -> None:
    # 0.025% of 60 rupees is 1.5 paise.
    assert the_bill(SHARE, MIS, SELL, "60").stt == Decimal("0.02")


def test_nothing_executed_and_dollar_trades_cost_nothing() -> None:
    dollars = an_instrument(GOOG, currency=Currency.USD)
    assert the_bill(SHARE, MIS, SELL, "0").total == 0
    assert the_bill(dollars, CNC, SELL, "100000").total == 0


def test_a_day_before_the_table_begins_has_no_bill() -> None:
    with pytest.raises(LookupError, match="no charges are known for NSE:INFY"):
        the_bill(SHARE, CNC, BUY, "100", date(2024, 9, 30))


def test_every_rate_of_the_table_names_its_source() -> None:
    assert len(indian_tariff().rates) == 35
    assert all(len(rate.source) > 10 for rate in indian_tariff().rates)


def test_a_later_row_takes_over_whatever_the_order_of_the_rows() -> None:
    tariff = Tariff(rates=tuple(reversed(indian_tariff().rates)))
    order = an_order(instrument=FUTURE.ref, product=NRML, side=SELL, limit="1")
    executed = Executed(terms=order, instrument=FUTURE, on=APRIL_2026, turnover=Decimal(100_000))
    assert charges(executed, tariff).stt == Decimal("50.00")


# In the book


def state_of(bench: PaperBench) -> PaperState:
    return read_state(bench.store.states[ACCOUNT][1])


async def test_the_flat_fee_is_charged_once_an_order_however_many_fills_it_had() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="1500", product=MIS))
    for size in (100, 5_000):
        bench.quote(size=size)
        await bench.margins()
    state = state_of(bench)
    (row,) = state.orders
    assert len(state.trades) == 5
    # 0.03% of about 150,000 is over the cap.
    assert row.charges.brokerage == Decimal(20)
    assert state.charges == state.charges_today == row.charges.total


async def test_cash_is_what_it_was_less_the_price_and_the_charges() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="100"))
    await bench.place(an_order(quantity="40", side=SELL, tag=2))
    state = state_of(bench)
    cost = sum(row.cost for row in state.positions)
    assert state.cash - 1_000_000 == state.realised - cost - state.charges
    assert state.charges == sum(row.charges.total for row in state.orders) > 0


async def test_the_depository_fee_is_charged_once_a_scrip_a_day() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="100"))
    for tag in (2, 3):
        await bench.place(an_order(quantity="10", side=SELL, tag=tag))
    assert [row.charges.dp for row in state_of(bench).orders] == [0, Decimal("15.34"), 0]
    bench.clock.advance(hours=24)
    bench.quote()
    await bench.place(an_order(quantity="10", side=SELL, tag=4))
    assert state_of(bench).orders[-1].charges.dp == Decimal("15.34")


async def test_a_sale_in_many_fills_bears_one_depository_fee() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="150"))
    bench.quote()
    await bench.place(an_order(quantity="150", side=SELL, tag=2))
    row = state_of(bench).orders[-1]
    assert (len(await bench.fills()), row.charges.dp) == (4, Decimal("15.34"))


async def test_the_days_total_starts_again_and_the_whole_stays() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="100"))
    paid = state_of(bench).charges
    bench.clock.advance(hours=24)
    bench.quote()
    await bench.place(an_order(quantity="1", limit="1.00", tag=2))
    state = state_of(bench)
    assert (state.charges, state.charges_today) == (paid, Decimal(0))


async def test_an_order_without_known_rates_is_refused() -> None:
    bench = PaperBench()
    bench.clock.advance(days=-700)
    bench.quote()
    with pytest.raises(OrderRejected, match="no charges are known for NSE:INFY on 2024-04-10"):
        await bench.broker.place_order(an_order())


async def test_an_order_that_leaves_nothing_for_its_charges_is_refused() -> None:
    bench = PaperBench(PaperSettings(opening_cash={Currency.INR: Decimal(10_010)}))
    with pytest.raises(OrderRejected, match=r"needs 10021.89 INR with charges, has 10010"):
        await bench.broker.place_order(an_order(quantity="100"))
