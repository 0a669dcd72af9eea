"""What records hold, to canonical JSON and back: decimals are text, nothing is rounded.

A decision's line is at most MAX_DECISION_BYTES whatever was asked. Where it would be longer, first
the order's own words move to an INTENT record before it, then the last rules are left out and
counted as `more`, then the evidence loses its sources, then goes. A figure of more than 40 digits,
the allowed quantity too, is shown in 28.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

from pydantic import JsonValue

from riskgate.contracts.base import decimal_text
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.orders import OrderType
from riskgate.documents import Execution, InFlight, Intent, Portfolio, Prices, Terms
from riskgate.facts import Account, Candidate
from riskgate.figures import exactly, shown
from riskgate.judge import Finding, Judgement
from riskgate.reading import parse_time
from riskgate.records import MAX_DECISION_BYTES, Head, Kind, seal, utc_text

_quote: Final = encode_basestring
# All of a decision's line but its body; a number of record has at most 18 digits.
_FRAME: Final = len(
    seal(Head(10**17, "0" * 64), datetime.min.replace(tzinfo=UTC), Kind.DECISION, "")[0]
)
ROOM: Final = MAX_DECISION_BYTES - _FRAME
_LONGEST_FIGURE: Final = 40
LONGEST_SOURCE: Final = 40
_NO_TERMS: Final = Terms()
_SIDES: Final = {1: "buy", -1: "sell"}
_SIGNS: Final = {"buy": 1, "sell": -1}
_TYPES: Final = {OrderType.MARKET: "market", OrderType.LIMIT: "limit"}
_ORDER_TYPES: Final = {text: order_type for order_type, text in _TYPES.items()}


class Fill(NamedTuple):
    """A part of an order that was filled, named by the broker's own id of it."""

    fill_id: str
    order_id: str
    quantity: Decimal
    price: Decimal


class Start(NamedTuple):
    """What a run begins with."""

    run_id: str
    portfolio: Portfolio
    market: Prices
    execution: Execution
    apply_modify: bool = False


def intent_text(intent: Intent) -> str:
    """Write what was asked for, whole."""
    terms = intent.terms
    limit = intent.limit_price
    with_terms = "" if terms == _NO_TERMS else f'"terms":{_terms_text(terms)},'
    return (
        f'{{"account_id":{_quote(intent.account_id)},"asset_class":"{intent.asset_class}",'
        f'"intent_id":{_quote(intent.intent_id)},'
        f'"limit_price":{"null" if limit is None else _number(limit)},'
        f'"order_type":"{_TYPES[intent.order_type]}","qty":{_number(intent.quantity)},'
        f'"side":"{_SIDES[intent.sign]}","strategy_id":{_quote(intent.strategy_id)},'
        f'"symbol":{_quote(intent.symbol)},{with_terms}"timestamp":{_quote(intent.timestamp)}}}'
    )


def decision_lines(
    head: Head,
    at: datetime,
    asked: str,
    judgement: Judgement,
    level: KillSwitchLevel,
    policy_hash: str,
) -> tuple[bytes, Head]:
    """Return the lines of a decision: one, or two where what was asked is long."""
    before = b""
    body = decision_text(asked, judgement, level, policy_hash)
    if not _fits(body):
        before, head = seal(head, at, Kind.INTENT, f'{{"asked":{asked}}}')
        body = _cut(f'{{"in":{head.seq}}}', judgement, level, policy_hash)
    line, head = seal(head, at, Kind.DECISION, body)
    return before + line, head


def decision_text(
    asked: str, judgement: Judgement, level: KillSwitchLevel, policy_hash: str
) -> str:
    """Write a decision whole, however long."""
    evidence = _evidence(judgement)
    findings = _findings(judgement.findings) if judgement.findings else ()
    waived = _findings(judgement.waived) if judgement.waived else ()
    return _decision(asked, judgement, level, policy_hash, evidence, findings, waived, 0)


def _cut(asked: str, judgement: Judgement, level: KillSwitchLevel, policy_hash: str) -> str:
    """Write a decision in less and less until it fits; without rules and evidence it always does.

    What is left then has a bound of its own: hash, words, counts, and an `allowed` that is short.
    """
    body = ""
    for evidence in (_evidence(judgement), _evidence(judgement, named=False), ""):
        findings, waived = _findings(judgement.findings), _findings(judgement.waived)
        more = 0
        while True:
            body = _decision(asked, judgement, level, policy_hash, evidence, findings, waived, more)
            if _fits(body):
                return body
            if not findings and not waived:
                break
            (waived or findings).pop()
            more += 1
    raise AssertionError(f"a decision of {len(body)} bytes after all was left out")


def _decision(
    asked: str,
    judgement: Judgement,
    level: KillSwitchLevel,
    policy_hash: str,
    evidence: str,
    findings: "list[str] | tuple[str, ...]",
    waived: "list[str] | tuple[str, ...]",
    more: int,
) -> str:
    allowed = judgement.allowed
    left_out = f'"more":{more},' if more else ""
    return (
        f'{{"allowed":{"null" if allowed is None else _figure(allowed)},"asked":{asked},'
        f'"evidence":[{evidence}],"findings":[{",".join(findings)}],"kill":"{level.value}",'
        f'{left_out}"policy":"{policy_hash}",'
        f'"trips":{"true" if judgement.trips else "false"},"verdict":"{judgement.verdict.value}",'
        f'"waived":[{",".join(waived)}]}}'
    )


def _evidence(judgement: Judgement, *, named: bool = True) -> str:
    return ",".join(
        [
            f'["{metric}",{_figure(value)},{_figure(limit)}]'
            if source is None or not named
            else f'["{metric}",{_figure(value)},{_figure(limit)},{_quote(source[:LONGEST_SOURCE])}]'
            for metric, value, limit, source, _loosened in judgement.evidence
        ]
    )


def _findings(findings: tuple[Finding, ...]) -> list[str]:
    """Write each rule with the two figures it compared; one that repeats itself stands once."""
    texts: dict[str, None] = {}
    for rule, breach in findings:
        texts[f'["{rule.rule_id}",{_figure(breach.actual)},{_figure(breach.limit)}]'] = None
    return list(texts)


def _fits(body: str) -> bool:
    # UTF-8 has at most four bytes a letter, and one where all are ASCII.
    if body.isascii():
        return len(body) <= ROOM
    return len(body.encode()) <= ROOM


def _figure(value: Decimal | int | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, int):
        return f'"{value}"'
    text = _plain(value)
    if len(text) > _LONGEST_FIGURE:
        with exactly():
            text = decimal_text(shown(value))
    return f'"{text}"'


def _number(value: Decimal) -> str:
    return f'"{_plain(value)}"'


def is_quantity(quantity: Decimal, recorded: str) -> bool:
    """Say whether a quantity is the one that a decision was recorded to allow."""
    return _figure(quantity) == f'"{recorded}"'


def _plain(value: Decimal) -> str:
    """Write a decimal as decimal_text does, mostly in a third of the time."""
    if not value:
        return "0"
    text = str(value)
    return decimal_text(value) if "E" in text or (text[-1] == "0" and "." in text) else text


def _terms_text(terms: Terms) -> str:
    pairs = sorted((name, value) for name, value in terms._asdict().items() if value is not None)
    return "{" + ",".join(f'"{name}":{_term(value)}' for name, value in pairs) + "}"


def _term(value: Decimal | str) -> str:
    return _quote(value) if isinstance(value, str) else _number(value)


def read_intent_body(body: Mapping[str, Any]) -> Intent:
    """Read back what intent_text wrote."""
    return Intent(
        intent_id=body["intent_id"],
        timestamp=body["timestamp"],
        strategy_id=body["strategy_id"],
        account_id=body["account_id"],
        symbol=body["symbol"],
        asset_class=body["asset_class"],
        terms=_read_terms(body.get("terms", {})),
        sign=_SIGNS[body["side"]],
        order_type=_ORDER_TYPES[body["order_type"]],
        quantity=Decimal(body["qty"]),
        limit_price=_decimal(body["limit_price"]),
    )


def start_body(start: Start) -> dict[str, JsonValue]:
    """Return all that a run begins with."""
    portfolio, market, execution = start.portfolio, start.market, start.execution
    return {
        "apply_modify": start.apply_modify,
        "run_id": start.run_id,
        "portfolio": {
            **{name: _text(getattr(portfolio, name)) for name in _MONEY},
            "positions": _texts(portfolio.positions),
            "currency": portfolio.currency,
            "month_spent": portfolio.month_spent,
            "in_flight": [
                [o.order_id, o.symbol, _SIDES[o.sign], _text(o.quantity), _text(o.limit_price)]
                for o in portfolio.in_flight
            ],
            "instruments": {
                symbol: {
                    name: value if isinstance(value, str) else _text(value)
                    for name, value in terms._asdict().items()
                    if value is not None
                }
                for symbol, terms in portfolio.instruments.items()
            },
        },
        "market": market_body(market),
        "execution": {
            **{name: getattr(execution, name) for name in _COUNTS},
            "orders_by_strategy": dict(execution.orders_by_strategy),
            "orders_by_symbol": dict(execution.orders_by_symbol),
            "violations": [list(one) for one in execution.violations],
            "kill_switch": execution.kill_switch.value,
        },
    }


def read_start(body: Mapping[str, Any]) -> Start:
    """Read back what start_body wrote."""
    portfolio, execution = body["portfolio"], body["execution"]
    return Start(
        run_id=body["run_id"],
        apply_modify=body["apply_modify"],
        portfolio=Portfolio(
            equity=Decimal(portfolio["equity"]),
            day_start=Decimal(portfolio["day_start"]),
            peak=Decimal(portfolio["peak"]),
            week_start=_decimal(portfolio["week_start"]),
            month_start=_decimal(portfolio["month_start"]),
            available=_decimal(portfolio["available"]),
            positions={name: Decimal(text) for name, text in portfolio["positions"].items()},
            currency=portfolio["currency"],
            month_spent=portfolio["month_spent"],
            in_flight=tuple(
                InFlight(order_id, symbol, _SIGNS[side], Decimal(quantity), _decimal(limit))
                for order_id, symbol, side, quantity, limit in portfolio["in_flight"]
            ),
            instruments={
                symbol: _read_terms(terms) for symbol, terms in portfolio["instruments"].items()
            },
        ),
        market=read_market_body(body["market"]),
        execution=Execution(
            **{name: execution[name] for name in _COUNTS},
            orders_by_strategy=execution["orders_by_strategy"],
            orders_by_symbol=execution["orders_by_symbol"],
            violations=tuple((at, rule) for at, rule in execution["violations"]),
            kill_switch=KillSwitchLevel(execution["kill_switch"]),
        ),
    )


def market_body(market: Prices) -> dict[str, JsonValue]:
    """Return prices: all of them, or only those that changed. They need not be numbers."""
    return {
        "timestamp": market.timestamp,
        "prices": _texts(market.last),
        "as_of": {symbol: utc_text(at) for symbol, at in market.as_of.items()},
        "fx": _texts(market.fx),
        "is_open": market.is_open,
    }


def read_market_body(body: Mapping[str, Any]) -> Prices:
    """Read back what market_body wrote."""
    times = {symbol: parse_time(text) for symbol, text in body["as_of"].items()}
    return Prices(
        timestamp=body["timestamp"],
        last={symbol: Decimal(text) for symbol, text in body["prices"].items()},
        as_of={symbol: at for symbol, at in times.items() if at is not None},
        fx={name: Decimal(text) for name, text in body["fx"].items()},
        is_open=body["is_open"],
    )


def account_body(account: Account, why: str) -> dict[str, JsonValue]:
    """Return the money of an account, and why it is recorded anew."""
    return {
        **{name: _text(getattr(account, name)) for name in _MONEY},
        "month_spent": account.month_spent,
        "why": why,
    }


def read_account(body: Mapping[str, Any], currency: str | None) -> Account:
    """Read back what account_body wrote."""
    money = {name: _decimal(body[name]) for name in _MONEY}
    equity = money.pop("equity")
    return Account(equity, **money, month_spent=body["month_spent"], currency=currency)


def order_text(order_id: str, intent_id: str, candidate: Candidate) -> str:
    """Write an order that is about to be sent."""
    limit = candidate.limit_price
    return (
        f'{{"intent_id":{_quote(intent_id)},'
        f'"limit_price":{"null" if limit is None else _number(limit)},'
        f'"order_id":{_quote(order_id)},"order_type":"{_TYPES[candidate.order_type]}",'
        f'"qty":{_number(candidate.quantity)},"side":"{_SIDES[candidate.sign]}",'
        f'"strategy_id":{_quote(candidate.strategy_id)},'
        f'"symbol":{_quote(str(candidate.listing.key))}}}'
    )


def fill_text(fill: Fill) -> str:
    """Write a fill."""
    return (
        f'{{"fill_id":{_quote(fill.fill_id)},"order_id":{_quote(fill.order_id)},'
        f'"price":{_number(fill.price)},"qty":{_number(fill.quantity)}}}'
    )


def read_fill(body: Mapping[str, Any]) -> Fill:
    """Read back what fill_body wrote."""
    return Fill(body["fill_id"], body["order_id"], Decimal(body["qty"]), Decimal(body["price"]))


_MONEY: Final = ("equity", "day_start", "peak", "week_start", "month_start", "available")
_COUNTS: Final = ("orders_global", "messages_1s", "messages_60s", "orders_today")


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)


def _texts(values: Mapping[str, Decimal]) -> dict[str, JsonValue]:
    return {name: decimal_text(value) for name, value in values.items()}


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _read_terms(terms: Mapping[str, str]) -> Terms:
    return Terms(
        multiplier=_decimal(terms.get("multiplier")),
        currency=terms.get("currency"),
        lot_size=_decimal(terms.get("lot_size")),
        tick_size=_decimal(terms.get("tick_size")),
        sector=terms.get("sector"),
        underlying=terms.get("underlying"),
    )
