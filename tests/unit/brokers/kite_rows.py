"""Rows as the Kite server writes them, small and made up."""

import json
from decimal import Decimal
from typing import Any

from riskgate.contracts.instruments import InstrumentRef
from tests.fakes.instruments import MemoryInstruments


def tick(ref: InstrumentRef) -> Decimal | None:
    """Return the tick of one of the fake instruments."""
    instrument = MemoryInstruments().get(ref)
    return None if instrument is None else instrument.tick_size


def parsed(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row as it comes out of the wire, numbers as Decimal."""
    read: dict[str, Any] = json.loads(json.dumps(row), parse_float=Decimal)
    return read


def an_order_row(**changes: Any) -> dict[str, Any]:
    """Make an order row: 10 INFY bought at a LIMIT of 1488.10, nothing filled."""
    row = {
        "order_id": "260311000000001",
        "status": "OPEN",
        "status_message": "",
        "order_timestamp": "2026-03-11T10:00:01+05:30",
        "exchange_update_timestamp": "2026-03-11T10:00:02+05:30",
        "exchange_timestamp": "2026-03-11T10:00:02+05:30",
        "variety": "regular",
        "exchange": "NSE",
        "tradingsymbol": "INFY",
        "order_type": "LIMIT",
        "transaction_type": "BUY",
        "validity": "DAY",
        "product": "CNC",
        "quantity": 10,
        "price": 1488.1,
        "trigger_price": 0,
        "average_price": 0,
        "filled_quantity": 0,
        "pending_quantity": 10,
        "cancelled_quantity": 0,
        "tag": "T0000000000000000001",
        "tags": ["T0000000000000000001"],
    }
    return parsed(row | changes)


def a_position_row(quantity: int, **changes: Any) -> dict[str, Any]:
    """Make a position row of INFY CNC."""
    row = {
        "tradingsymbol": "INFY",
        "exchange": "NSE",
        "product": "CNC",
        "quantity": quantity,
        "average_price": 1488.1,
    }
    return parsed(row | changes)


def a_holding_row(quantity: int, **changes: Any) -> dict[str, Any]:
    """Make a holding row of INFY."""
    row = {
        "tradingsymbol": "INFY",
        "exchange": "NSE",
        "product": "CNC",
        "quantity": quantity,
        "t1_quantity": 0,
        "used_quantity": 0,
        "collateral_quantity": 0,
        "average_price": 1400.123,
        "last_price": 1500,
    }
    return parsed(row | changes)


def a_trade_row(**changes: Any) -> dict[str, Any]:
    """Make a fill of 10 INFY."""
    row = {
        "average_price": 1488.1,
        "quantity": 10,
        "trade_id": "40000001",
        "order_id": "260311000000001",
        "product": "CNC",
        "fill_timestamp": "2026-03-11T10:00:02+05:30",
        "exchange_timestamp": "2026-03-11T10:00:02+05:30",
        "transaction_type": "BUY",
        "tradingsymbol": "INFY",
        "exchange": "NSE",
    }
    return parsed(row | changes)


def a_segment(net: float, debits: float, *, collateral: float = 0, enabled: bool = True) -> Any:
    """Make one segment of the margins."""
    return parsed(
        {
            "enabled": enabled,
            "net": net,
            "available": {"collateral": collateral},
            "utilised": {"debits": debits},
        }
    )
