"""Cards as the server sends them, with overrides."""

from typing import Any

Json = dict[str, Any]

ORDER: Json = {
    "instrument": {"exchange": "NSE", "tradingsymbol": "INFY"},
    "side": "BUY",
    "quantity": "10",
    "product": "CNC",
    "order_type": "MARKET",
    "validity": "DAY",
    "limit_price": None,
    "trigger_price": None,
    "order_id": "ord_1",
    "tag": "ABCDEFGHIJKLMNOPQRST",
    "broker_order_id": "PB1",
    "state": "FILLED",
    "filled_quantity": "10",
    "average_price": "1502.4",
    "reason": None,
}
LEG: Json = {
    "instrument": "NSE:INFY",
    "name": "Infosys Ltd",
    "side": "BUY",
    "quantity": "10",
    "slices": ["10"],
    "limit_price": None,
    "trigger_price": None,
    "reference_price": "1502.35",
    "notional": "15023.5",
    "sizing_note": "quantity 10",
    "stop_price": "1472.3",
    "target_price": None,
    "loss_at_stop": "300.5",
}


def a_card(kind: str, fields: Json, **changes: Any) -> Json:
    return {
        "id": "crd_1",
        "kind": kind,
        "status": "INFO",
        "title": "A title",
        "run_id": "run_1",
        "thread_id": "thr_1",
        "account_id": "paper-inr",
        "created_at": "2026-01-05T04:30:00.000000Z",
        "expires_at": None,
        "plan_id": None,
        "plan_hash": None,
        "decision_id": "dec_1",
        "fields": fields,
        "provenance": {},
        **changes,
    }


def a_plan_card(*, legs: list[Json] | None = None, **changes: Any) -> Json:
    fields = {
        "side": "BUY",
        "symbols": ["NSE:INFY"],
        "order_type": "MARKET",
        "product": "CNC",
        "validity": "DAY",
        "mode": "PAPER",
        "notional": "15023.5",
        "currency": "INR",
        "valid_until": "2026-01-05T04:45:00.000000Z",
        "loss_at_stop": "300.5",
        "loss_at_stop_pct": "0.03",
        "entry_rules": [],
        "legs": legs or [LEG],
        "notes": ["Prices are simulated, not a live market."],
        "verdict": "ALLOW",
        "policy_hash": "a" * 64,
        "evidence": [{"metric": "quote_age_s", "value": "0.4", "limit": "5", "leg": 0}],
        "quotes": [
            {
                "instrument": "NSE:INFY",
                "last": "1502.35",
                "bid": "1502.3",
                "ask": "1502.4",
                "source": "SIMULATED",
                "as_of": "2026-01-05T04:30:00.000000Z",
            }
        ],
    }
    card = a_card(
        "trade_plan",
        fields | changes.pop("fields", {}),
        status="PENDING",
        title="BUY 10 NSE:INFY MARKET CNC (PAPER)",
        expires_at="2026-01-05T04:35:00.000000Z",
        plan_id="pln_1",
        provenance={
            "side": {"source": "user_span", "text": "buy", "start": 0, "end": 3},
            "sizing": {"source": "user_span", "text": "10", "start": 4, "end": 6},
            "symbols": {"source": "user_span", "text": "INFY", "start": 7, "end": 11},
            "product": {"source": "policy_default", "text": "account default: CNC"},
        },
    )
    return card | changes


def a_question(question: str, choices: list[Any], **changes: Any) -> Json:
    fields = {"question": question, "missing": [], "choices": choices}
    return a_card("question", fields, status="PENDING", title=question) | changes


def a_result(**changes: Any) -> Json:
    fields = {"orders": [ORDER], "reconciled": True, "differences": []} | changes
    return a_card("result", fields, title="BUY 10 NSE:INFY: filled at 1502.4.")
