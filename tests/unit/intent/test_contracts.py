"""The words of futures and options become Kite's names, by the calendar or by what is held."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from agents.intent.expiries import ContractMeant, ExpirySaid, contract_ref, weekdays_only
from agents.intent.model import HeldPosition
from riskgate.contracts.instruments import Exchange, InstrumentKind
from riskgate.contracts.orders import Side
from tests.unit.intent.fake_directory import ref
from tests.unit.intent.talk import codes, say


@pytest.mark.parametrize(
    ("said", "symbols"),
    [
        ("buy 1 lot nifty 24500 ce", ["NIFTY2631024500CE"]),
        ("buy nifty 24,500 call one lot", ["NIFTY2631024500CE"]),
        ("nifty 24500 pe 1 lot bech do", ["NIFTY2631024500PE"]),
        ("buy 1 lot nifty 24500 ce next week", ["NIFTY2631724500CE"]),
        ("buy nifty 24500 pe 24th march 3 lots", ["NIFTY2632424500PE"]),
        ("buy 2 lots nifty 25000 ce monthly", ["NIFTY26MAR25000CE"]),
        ("buy 1 lot nifty april fut", ["NIFTY26APRFUT"]),
        ("buy 1 lot nifty fut", ["NIFTY26MARFUT"]),
        ("buy nifty24500ce 1 lot", ["NIFTY2631024500CE"]),
        ("sell 1 lot tcs 3400 call", ["TCS26MAR3400CE"]),
        ("buy nifty 24500 straddle 1 lot", ["NIFTY2631024500CE", "NIFTY2631024500PE"]),
        ("sell nifty strangle 24000 25000 1 lot", ["NIFTY2631024000PE", "NIFTY2631025000CE"]),
        ("buy 1 lot crude oil march fut", ["CRUDEOIL26MARFUT"]),
        ("BUY NIFTY26MARFUT 65 QTY", ["NIFTY26MARFUT"]),
    ],
)
def test_a_contract_is_named_as_kite_names_it(said: str, symbols: list[str]) -> None:
    parsed = say(said)
    assert [each.tradingsymbol for each in parsed.trades[0].symbols] == symbols
    assert parsed.missing == ()


@pytest.mark.parametrize(
    ("said", "symbols"),
    [
        (
            "sell nifty 24200 pe and nifty 24900 ce, 17 march expiry, 1 lot each",
            ["NIFTY2631724200PE", "NIFTY2631724900CE"],
        ),
        (
            "sell 1 lot nifty 24900 ce 17 march and buy 1 lot nifty 25000 ce",
            ["NIFTY2631724900CE", "NIFTY2631725000CE"],
        ),
        (
            "buy nifty fut and sell nifty next month fut, 1 lot each",
            ["NIFTY26MARFUT", "NIFTY26APRFUT"],
        ),
    ],
)
def test_an_expiry_said_once_is_of_every_contract_that_names_none(
    said: str, symbols: list[str]
) -> None:
    trades = say(said).trades
    assert [each.tradingsymbol for trade in trades for each in trade.symbols] == symbols


@pytest.mark.parametrize(
    "said",
    [
        "buy 1 lot nifty",
        "buy 1 lot nifty call",
        "buy 1 lot atm nifty call",
        "buy 1 lot crude oil fut",
        "buy 1 lot nifty 24500 ce 25 march",
    ],
)
def test_a_contract_that_is_not_whole_is_asked_about(said: str) -> None:
    parsed = say(said)
    assert parsed.trades[0].symbols == ()
    assert "symbol" in parsed.missing
    assert set(codes(parsed)) <= {"SYMBOL_NEEDS_CONTRACT", "SYMBOL_UNKNOWN"}


def holding(symbol: str, quantity: int) -> HeldPosition:
    return HeldPosition(instrument=ref(symbol, Exchange.NFO), quantity=Decimal(quantity))


def test_an_exit_means_the_contract_that_is_held() -> None:
    held = (holding("NIFTY26MARFUT", -65), holding("NIFTY2631724500CE", 130))
    (future,) = say("exit nifty fut", positions=held).trades
    assert (future.side, future.symbols) == (Side.BUY, (held[0].instrument,))
    (call,) = say("close the 24500 calls", positions=held).trades
    assert (call.side, call.symbols) == (Side.SELL, (held[1].instrument,))
    both = say("square off all my f&o", positions=held)
    assert [trade.side for trade in both.trades] == [Side.SELL, Side.BUY]


def test_an_expiry_on_a_holiday_is_the_trading_day_before() -> None:
    def trades_on(exchange: Exchange, day: date) -> bool:
        return weekdays_only(exchange, day) and day != date(2026, 3, 31)

    meant = ContractMeant(Exchange.NFO, "NIFTY", InstrumentKind.CALL, Decimal(24000))
    now = datetime(2026, 3, 25, 5, tzinfo=UTC)
    monthly = contract_ref(meant, ExpirySaid(month=3, day=31), now=now, trades_on=trades_on)
    assert monthly == ref("NIFTY26MAR24000CE", Exchange.NFO)
    tomorrow = contract_ref(meant, ExpirySaid(month=3, day=26), now=now, trades_on=trades_on)
    assert tomorrow is None


def test_on_the_day_of_expiry_the_contract_counts_until_the_close() -> None:
    meant = ContractMeant(Exchange.NFO, "NIFTY", InstrumentKind.PUT, Decimal(24000))
    before = contract_ref(
        meant, ExpirySaid(), now=datetime(2026, 3, 10, 9, 59, tzinfo=UTC), trades_on=weekdays_only
    )
    after = contract_ref(
        meant, ExpirySaid(), now=datetime(2026, 3, 10, 10, 0, tzinfo=UTC), trades_on=weekdays_only
    )
    assert before == ref("NIFTY2631024000PE", Exchange.NFO)
    assert after == ref("NIFTY2631724000PE", Exchange.NFO)
