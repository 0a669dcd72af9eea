"""Documents of policygate-capital, one change away from any case, and our answer to them.

The account has 100,000 and nothing held, A costs 100; one position may be 10 % of equity, gross
exposure twice and net exposure once: so 100 A are at the cap.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from app.riskdesk.answers import json_text
from riskgate.contracts.decisions import Verdict
from riskgate.documents import case_of, read_documents
from riskgate.judge import Judge
from riskgate.policy import parse_policy
from riskgate.reading import decode_json

Json = dict[str, Any]
MISSING: Any = object()

POLICY: Json = {
    "version": "0.1",
    "timezone": "UTC",
    "defaults": {"mode": "enforce", "decision": "deny"},
    "limits": {
        "exposure": {
            "max_position_pct": Decimal("0.10"),
            "max_gross_exposure_x": 2,
            "max_net_exposure_x": 1,
        },
        "loss": {"daily_loss_limit_pct": Decimal("0.02"), "max_drawdown_pct": Decimal("0.05")},
        "execution": {"max_orders_per_minute_global": 20, "max_orders_per_minute_by_strategy": 10},
        "kill_switch": {
            "trip_on_rules": ["LOSS-002"],
            "trip_after_n_violations": 3,
            "violation_window_seconds": 300,
        },
    },
    "overrides": {"symbols": {}, "strategies": {}},
}
INTENT: Json = {
    "intent_id": "i-1",
    "timestamp": "2026-03-02T06:00:00Z",
    "strategy_id": "alpha",
    "account_id": "acc-1",
    "instrument": {"symbol": "A", "asset_class": "equity"},
    "side": "buy",
    "order_type": "market",
    "qty": 10,
    "limit_price": None,
}
PORTFOLIO: Json = {
    "equity": 100_000,
    "start_of_day_equity": 100_000,
    "peak_equity": 100_000,
    "positions": {},
    "realized_pnl_today": 0,
    "unrealized_pnl": 0,
}
MARKET: Json = {"timestamp": "2026-03-02T06:00:00Z", "prices": {"A": 100}}
EXECUTION: Json = {
    "orders_last_60s_global": 0,
    "orders_last_60s_by_strategy": {},
    "violations_last_window": [],
    "kill_switch_active": False,
}


class Answer(NamedTuple):
    """What is said of one order: the verdict, the rules that were broken, and what would fit."""

    verdict: Verdict
    rules: tuple[str, ...]
    quantity: Decimal | None = None
    trips: bool = False
    limits: Mapping[str, Decimal | int | None] = {}


def changed(document: Json, **changes: Any) -> Json:
    """Return a document with some of its values changed; `a__b` is `b` below `a`."""
    made = dict(document)
    for path, value in changes.items():
        name, _, below = path.partition("__")
        if below:
            made[name] = changed(made.get(name, {}), **{below: value})
        elif value is MISSING:
            del made[name]
        else:
            made[name] = value
    return made


def asked(
    side: str = "buy",
    qty: Any = 10,
    symbol: str = "A",
    *,
    policy: Json = POLICY,
    portfolio: Json = PORTFOLIO,
    market: Json = MARKET,
    execution: Json = EXECUTION,
    **intent: Any,
) -> Answer:
    """Return the answer to an order, all of it read as text from outside is read.

    Raises PolicyInvalid or DocumentInvalid for what cannot be judged.
    """
    order = changed(INTENT, side=side, qty=qty, instrument__symbol=symbol, **intent)
    return answered(policy, order, portfolio, market, execution)


def answered(policy: Json, intent: Json, portfolio: Json, market: Json, execution: Json) -> Answer:
    judge = Judge(parse_policy(text_of(policy)))
    documents = read_documents(
        intent=decode_json(text_of(intent), "intent"),
        portfolio=decode_json(text_of(portfolio), "portfolio"),
        market=decode_json(text_of(market), "market"),
        execution=decode_json(text_of(execution), "execution"),
    )
    case = case_of(judge.policy, documents)
    found = judge.judge(case.candidate, case.book, case.situation)
    return Answer(
        verdict=found.verdict,
        rules=tuple(dict.fromkeys(found.rule_ids)),
        quantity=found.allowed,
        trips=found.trips,
        limits={figure.metric: figure.limit for figure in found.evidence},
    )


class Written(NamedTuple):
    """JSON that is put into a document as it stands."""

    text: str


NAN = Written("NaN")
INFINITE = Written("Infinity")


def text_of(value: Any) -> str:
    """Write a document as JSON, decimals as numbers."""
    match value:
        case Written():
            return value.text
        case dict():
            return "{" + ",".join(f"{json_text(k)}:{text_of(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(text_of, value)) + "]"
        case _:
            return json_text(value)


def holding(**positions: Any) -> Json:
    """Return the portfolio with something held."""
    return changed(PORTFOLIO, positions=positions)


def at_prices(**prices: Any) -> Json:
    """Return the market with these prices."""
    return changed(MARKET, prices=prices)


def limits(**changes: Any) -> Json:
    """Return the policy with some limits changed; `exposure__max_position_pct=1`."""
    return changed(POLICY, **{f"limits__{path}": value for path, value in changes.items()})


def at_the_limit(number: int) -> Answer:
    """Judge a purchase that brings a book of odd amounts exactly to its gross limit."""
    symbols = [f"S{number * 7 % 89}{letter}" for letter in "ABCDEF"]
    amounts = [Decimal((number * 37 + place * 113) % 997 + 1) / 100 for place in range(6)]
    equity = sum(amounts) + 1
    return asked(
        qty=1,
        policy=limits(
            exposure__max_position_pct=1,
            exposure__max_gross_exposure_x=1,
            exposure__max_net_exposure_x=2,
        ),
        portfolio=changed(
            holding(**dict(zip(symbols, amounts, strict=True))),
            equity=equity,
            start_of_day_equity=equity,
            peak_equity=equity,
        ),
        market=at_prices(A=1, **dict.fromkeys(symbols, 1)),
    )
