"""What the adapter makes of what was recorded of the real server, where that is at hand.

That the stand-in answers as the real server did is compared in test_kite_replay. The recordings
stay outside the project. SIGMATRADER_KITE_RECORDINGS names the file; without it, the folder
`shared` beside the checkout is looked at.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.brokers.kite_mcp import mapping, replies
from adapters.brokers.kite_mcp.arguments import place_arguments
from adapters.brokers.kite_mcp.bars import Window, bars_of
from adapters.brokers.kite_mcp.fields import part
from adapters.brokers.kite_mcp.listing import listing_of
from adapters.brokers.kite_mcp.ports import KiteReply
from adapters.brokers.kite_mcp.quotes import quote_of
from adapters.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown
from riskgate.contracts.bars import BarInterval
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import BrokerOrderStatus
from tests.fakes.clock import MORNING
from tests.fakes.instruments import INFY, an_instrument
from tests.fakes.kite_market import a_candle, a_quote_row, a_search_row
from tests.fakes.kite_upstream import LOG_IN_FIRST
from tests.fakes.orders import an_order
from tests.unit.brokers.kite_rows import tick

BESIDE: Final = Path(__file__).parents[3].parent / "shared" / "kite" / "recordings.jsonl"
RECORDINGS: Final = Path(os.environ.get("SIGMATRADER_KITE_RECORDINGS", BESIDE))
pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_file(), reason="the recordings of the real Kite server are not at hand"
)
SBIN: Final = an_instrument(
    InstrumentRef(exchange=Exchange.NSE, tradingsymbol="SBIN"), tick_size="0.05"
)
WRITES: Final = ("place_order", "modify_order", "cancel_order")

Exchanged = Mapping[str, Any]


@pytest.fixture(scope="module")
def recorded() -> dict[int, Exchanged]:
    lines = RECORDINGS.read_text(encoding="utf-8").splitlines()
    return {row["n"]: row for row in map(json.loads, lines)}


def reply_of(row: Exchanged) -> KiteReply:
    return KiteReply(is_error=row["isError"], text=row["content"][0]["text"])


def answered(recorded: Mapping[int, Exchanged], *tools: str) -> list[Exchanged]:
    """Return the exchanges of these tools that had an answer."""
    rows = [row for row in recorded.values() if row.get("tool") in tools and row.get("content")]
    assert rows
    return rows


def test_our_call_is_the_recorded_call(recorded: Mapping[int, Exchanged]) -> None:
    order = an_order(instrument=SBIN.ref, quantity="5", limit="470.05").model_copy(
        update={"tag": "AB12CD34EF56GH78IJ90"}
    )
    arguments = place_arguments(order, SBIN)
    assert arguments == recorded[61]["arguments"]
    assert json.loads(json.dumps(arguments)) == recorded[61]["arguments"]


def test_every_recorded_answer_to_a_write_is_read_as_what_it_is(
    recorded: Mapping[int, Exchanged],
) -> None:
    for row in answered(recorded, *WRITES):
        reply = reply_of(row)
        expected: type[BrokerError] | None = None
        if reply.text.startswith("parameter "):
            expected = OrderRejected
        elif reply.text == LOG_IN_FIRST:
            expected = BrokerUnavailable
        elif reply.is_error:
            expected = OutcomeUnknown
        assert outcome(row["tool"], reply) == expected, row["n"]
        if expected is OrderRejected:
            assert row["upstream_requests"] == []


def outcome(tool: str, reply: KiteReply) -> type[BrokerError] | None:
    try:
        assert replies.order_id_of(tool, reply).isdigit()
    except BrokerError as error:
        return type(error)
    return None


def test_a_recorded_success_without_an_id_is_unknown(recorded: Mapping[int, Exchanged]) -> None:
    result = json.loads(recorded[158]["http_body"])["result"]
    reply = KiteReply(is_error=False, text=result["content"][0]["text"])
    assert outcome("place_order", reply) is OutcomeUnknown


def test_null_lists_are_empty_as_recorded(recorded: Mapping[int, Exchanged]) -> None:
    assert reply_of(recorded[36]).text == "null"
    for number, tool in ((35, "get_orders"), (36, "get_order_trades")):
        assert list(replies.rows_of(tool, reply_of(recorded[number]))) == []


def test_recorded_pages_are_refused_as_whole_lists(recorded: Mapping[int, Exchanged]) -> None:
    for number in (23, 31, 63):
        with pytest.raises(BrokerUnavailable):
            replies.rows_of("get_orders", reply_of(recorded[number]))


def test_the_recorded_order_book_is_read_to_the_last_row(
    recorded: Mapping[int, Exchanged],
) -> None:
    rows = replies.rows_of("get_orders", reply_of(recorded[20]))
    book = mapping.orders_of(rows, read_at=MORNING, tick=tick)
    # The two left out are final: a currency future and one of the margin trading facility.
    assert (len(rows), len(book.orders), book.strangers) == (10, 8, ())
    by_status = [order.status for order in book.orders]
    assert by_status.count(BrokerOrderStatus.COMPLETE) == 6
    rejected = next(o for o in book.orders if o.status is BrokerOrderStatus.REJECTED)
    assert str(rejected.reason).startswith("Insufficient funds. Required margin is 95417.84")
    assert rejected.tag == "icebergord"
    for order in book.orders:
        assert order.status is BrokerOrderStatus.REJECTED or order.quantity == (
            order.filled_quantity + order.cancelled_quantity
        )


def test_the_order_booked_after_the_servers_timeout_is_found_by_its_tag(
    recorded: Mapping[int, Exchanged],
) -> None:
    assert outcome("place_order", reply_of(recorded[104])) is OutcomeUnknown
    rows = replies.rows_of("get_orders", reply_of(recorded[105]))
    (row,) = [row for row in rows if "AMBIG1" in mapping.tags_of(row)]
    order = mapping.order_of(row, read_at=MORNING, tick=tick)
    assert (order.quantity, order.limit_price) == (Decimal(5), Decimal("470.05"))
    assert order.status is BrokerOrderStatus.OPEN


def test_the_recorded_day_and_net_positions_are_told_apart(
    recorded: Mapping[int, Exchanged],
) -> None:
    rows = replies.rows_of("get_positions", reply_of(recorded[18]))
    (lead,) = mapping.positions_of(rows)
    assert (lead.instrument.tradingsymbol, int(lead.quantity), int(lead.day_quantity)) == (
        "LEADMINI17DECFUT",
        1,
        1,
    )


def test_the_recorded_holdings_trades_and_margins_are_read(
    recorded: Mapping[int, Exchanged],
) -> None:
    holdings = replies.rows_of("get_holdings", reply_of(recorded[17]))
    held = {p.instrument.tradingsymbol: p.quantity for p in mapping.holdings_of(holdings)}
    assert held == {"AARON": 1, "SBIN": 16}
    trades = replies.rows_of("get_trades", reply_of(recorded[19]))
    fills = mapping.trades_of(trades, read_at=MORNING, tick=tick)
    assert [fill.price for fill in fills] == [Decimal("420.65"), 4852, 4852]
    margins = mapping.margins_of(replies.object_of("get_margins", reply_of(recorded[16])), holdings)
    assert margins is not None
    assert (margins.available, margins.used) == (Decimal("99725.05"), Decimal("145706.55"))
    assert margins.equity == Decimal("245431.60") + Decimal("100661.70") + Decimal("12552.15")


def test_the_recorded_quote_is_read(recorded: Mapping[int, Exchanged]) -> None:
    answer = replies.object_of("get_quotes", reply_of(recorded[37]))
    asked_at = datetime(2021, 6, 8, 10, 16, tzinfo=UTC)
    row = part(answer, "NSE:INFY")
    quote = quote_of(INFY, row, asked_at=asked_at, token=408065, tick=Decimal("0.05"))
    assert quote is not None
    assert (quote.last, quote.bid, quote.ask) == (Decimal("1412.95"), None, Decimal("1412.95"))
    assert (quote.lower_circuit, quote.upper_circuit) == (Decimal("1250.7"), Decimal("1528.6"))
    assert (quote.open, quote.previous_close) == (Decimal(1396), Decimal("1389.65"))
    assert (asked_at - quote.market_time).total_seconds() == 4
    assert quote.as_of == asked_at


def test_every_recorded_row_of_a_search_is_found_by_its_exact_name(
    recorded: Mapping[int, Exchanged],
) -> None:
    found = 0
    for row in answered(recorded, "search_instruments"):
        reply = reply_of(row)
        if reply.is_error or not reply.text.startswith("["):
            continue
        rows = replies.rows_of("search_instruments", reply)
        for listed in rows:
            ref = InstrumentRef.model_validate(
                {"exchange": listed["exchange"], "tradingsymbol": listed["tradingsymbol"]}
            )
            listing = listing_of(ref, rows, today=date(2017, 12, 1))
            assert listing is not None
            assert listing.token == listed["instrument_token"]
            found += 1
    assert found >= 5


def test_the_stand_in_of_the_market_writes_the_fields_that_the_server_writes(
    recorded: Mapping[int, Exchanged],
) -> None:
    quote = json.loads(reply_of(recorded[37]).text)["NSE:INFY"]
    (listed,) = json.loads(reply_of(recorded[50]).text)
    bar = json.loads(reply_of(recorded[44]).text)[0]
    assert a_quote_row(1, 100.0).keys() <= quote.keys()
    assert a_search_row(INFY, 1).keys() <= listed.keys()
    assert a_candle(MORNING, 100.0).keys() == bar.keys()


def test_the_recorded_bars_are_read(recorded: Mapping[int, Exchanged]) -> None:
    day = date(2017, 12, 15)
    for number, count in ((44, 6), (49, 0)):
        bars = bars_of(
            INFY,
            replies.rows_of("get_historical_data", reply_of(recorded[number])),
            window=Window(day, day),
            interval=BarInterval.MINUTE_1,
            tick=Decimal("0.05"),
            now=MORNING,
        )
        assert len(bars) == count, number
    assert (
        recorded[44]["arguments"].keys()
        == Window(day, day).arguments(408065, BarInterval.MINUTE_1).keys()
    )
