from decimal import Decimal

import pytest

from app.instruments.master import MasterInvalid, load_master, parse_master
from riskgate.contracts.instruments import Currency, InstrumentKind

HEADER = (
    "exchange,tradingsymbol,name,aliases,segment,kind,currency,"
    "lot_size,tick_size,freeze_quantity,multiplier"
)
INFY = "NSE,INFY,Infosys,infosys|infy,NSE,EQ,INR,1,0.10,100000,1"


def test_every_bundled_row_is_usable() -> None:
    rows = load_master()
    assert len(rows) == 147
    for row in rows:
        instrument = row.instrument
        if instrument.freeze_quantity is not None:
            assert instrument.freeze_quantity >= instrument.lot_size


def test_only_contracts_the_public_rules_leave_open_have_no_tick() -> None:
    blank = [
        str(row.instrument.ref)
        for row in load_master()
        if row.instrument.tradable and row.instrument.tick_size is None
    ]
    assert blank == ["BFO:SENSEX26MARFUT"]


def test_index_futures_carry_the_exchanges_lot_and_freeze() -> None:
    futures = {
        row.instrument.ref.tradingsymbol: (row.instrument.lot_size, row.instrument.freeze_quantity)
        for row in load_master()
        if row.instrument.kind is InstrumentKind.FUTURE
    }
    assert futures == {
        "NIFTY26MARFUT": (65, Decimal(1800)),
        "BANKNIFTY26MARFUT": (30, Decimal(600)),
        "FINNIFTY26MARFUT": (60, Decimal(1800)),
        "MIDCPNIFTY26MARFUT": (120, Decimal(2800)),
        "SENSEX26MARFUT": (20, Decimal(1000)),
    }


def test_american_shares_trade_in_dollars_without_a_freeze() -> None:
    american = [row.instrument for row in load_master() if row.instrument.currency is Currency.USD]
    assert {str(i.ref) for i in american} >= {"NASDAQ:GOOG", "NYSE:IBM", "NASDAQ:AAPL"}
    assert {i.freeze_quantity for i in american} == {None}


def test_a_row_is_read_with_its_aliases() -> None:
    (row,) = parse_master(f"{HEADER}\n{INFY}\n")
    assert (str(row.instrument.ref), row.aliases) == ("NSE:INFY", ("infosys", "infy"))
    assert row.instrument.tick_size == Decimal("0.10")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exchange,name\nNSE,Infosys\n", "line 1: missing columns"),
        (f"{HEADER}\n{INFY}\n{INFY}\n", "line 3: NSE:INFY is already on line 2"),
        (f"{HEADER}\n{INFY.replace('NSE,INFY', 'LSE,INFY')}\n", "line 2: 'LSE'"),
        (f"{HEADER}\n{INFY.replace('INFY,', 'inf y,')}\n", "line 2: tradingsymbol"),
        (f"{HEADER}\n{INFY.replace('0.10', '-0.10')}\n", "line 2: tick_size"),
        (f"{HEADER}\n{INFY.replace('INR,1,', 'INR,0,')}\n", "line 2: lot_size"),
        (f"{HEADER}\n{INFY},more\n", "line 2: has not as many fields"),
        (f"{HEADER}\nNSE,INFY\n", "line 2: has not as many fields"),
    ],
)
def test_a_bad_master_is_refused_naming_the_line(text: str, message: str) -> None:
    with pytest.raises(MasterInvalid) as caught:
        parse_master(text)
    assert str(caught.value).startswith(message)
