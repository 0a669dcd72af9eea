"""A case that passes, one change away from any other.

Defaults: equity 80,000, nothing held, OAK at 160 and ELM at 400, one OAK to buy. The position cap
is 10 %, which is 50 OAK.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

GONE: Final = object()

POLICY: Final[dict[str, Any]] = {
    "version": "0.1",
    "limits": {
        "exposure": {
            "max_position_pct": 0.1,
            "max_gross_exposure_x": 2,
            "max_net_exposure_x": 1,
        },
        "loss": {"daily_loss_limit_pct": 0.02, "max_drawdown_pct": 0.05},
        "execution": {
            "max_orders_per_minute_global": 20,
            "max_orders_per_minute_by_strategy": 10,
        },
        "kill_switch": {"trip_after_n_violations": 3, "violation_window_seconds": 300},
    },
}
CASE: Final[dict[str, Any]] = {
    "case_id": "c-1",
    "policy": POLICY,
    "intent": {
        "intent_id": "i-1",
        "timestamp": "2026-03-02T06:00:00Z",
        "strategy_id": "drift",
        "account_id": "paper",
        "instrument": {"symbol": "OAK", "asset_class": "equity"},
        "side": "buy",
        "order_type": "market",
        "qty": 1,
        "limit_price": None,
    },
    "portfolio": {
        "equity": 80000,
        "start_of_day_equity": 80000,
        "peak_equity": 80000,
        "positions": {},
    },
    "market": {"timestamp": "2026-03-02T06:00:00Z", "prices": {"OAK": 160, "ELM": 400}},
    "execution": {},
}


def a_case(changes: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Return the case with values put at paths, `portfolio.positions`; GONE takes one away."""
    case = deepcopy(CASE)
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        place = case
        for name in parents:
            place = place[name]
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    return case


def a_line(changes: Mapping[str, object] | None = None) -> bytes:
    """Return the case as a line of a batch."""
    return json.dumps(a_case(changes)).encode() + b"\n"
