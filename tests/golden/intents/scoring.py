"""Compares what the parser said with what a person wrote down for the same words."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from agents.intent.model import MessageKind, ParsedMessage, QueryTopic, TradeDraft
from riskgate.contracts.intents import Sizing

Label = dict[str, Any]

SIZES: Final = (
    "quantity", "lots", "notional", "fraction", "equity_pct", "risk_amount", "risk_pct",
)  # fmt: skip
US_EXCHANGES: Final = frozenset({"NASDAQ", "NYSE", "ARCA"})
TOPIC_NAMES: Final = {QueryTopic.MARGIN: "margins"}
PRICES: Final = ("limit_price", "trigger_price", "max_slippage_pct")
OFFSETS: Final = ("stop_loss", "target")
CLOSE: Final = Decimal("1e-9")


@dataclass
class Tally:
    """Counts over the corpus; each list holds the ids of the records that went wrong."""

    records: int = 0
    strict: list[str] = field(default_factory=list)
    false_trades: list[str] = field(default_factory=list)
    wrong_side: list[str] = field(default_factory=list)
    wrong_size: list[str] = field(default_factory=list)
    wrong_symbol: list[str] = field(default_factory=list)

    def add(self, record: Label, parsed: ParsedMessage) -> None:
        """Judge one message."""
        self.records += 1
        name = record["id"]
        answers = [record["expected"], *record.get("accept", [])]
        said = described(parsed)
        if parsed.kind is MessageKind.TRADE and all(a["kind"] != "trade" for a in answers):
            self.false_trades.append(name)
        # An accepted other reading carries no list of what is missing.
        first = is_equal(answers[0], said) and set(parsed.missing) == set(record["missing"])
        if first or any(is_equal(answer, said) for answer in answers[1:]):
            self.strict.append(name)
        if parsed.kind is MessageKind.TRADE and answers[0]["kind"] == "trade":
            self._compare_legs(name, legs_of(answers[0]), legs_of(said))

    def _compare_legs(self, name: str, wanted: list[Label], said: list[Label]) -> None:
        by_symbol = {leg["symbol"]: leg for leg in wanted}
        for leg in said:
            match = by_symbol.get(leg["symbol"])
            if match is None and leg["symbol"] is not None:
                self.wrong_symbol.append(name)
            match = match or (wanted[0] if len(wanted) == 1 else None)
            if match is None:
                continue
            if leg.get("side") and leg.get("side") != match.get("side"):
                self.wrong_side.append(name)
            size = {key: leg[key] for key in SIZES if key in leg}
            if size and size != {key: match.get(key) for key in size}:
                self.wrong_size.append(name)


def described(parsed: ParsedMessage) -> Label:
    """Write a parsed message in the words of the corpus."""
    symbols = [symbol.tradingsymbol for symbol in parsed.symbols]
    if parsed.kind is MessageKind.TRADE:
        return {"kind": "trade", "orders": [_leg(trade) for trade in parsed.trades]}
    if parsed.kind is MessageKind.QUERY:
        topic = parsed.topic
        name = TOPIC_NAMES.get(topic, topic) if topic else None
        return {"kind": "query", "topic": name, "symbols": symbols}
    if parsed.kind in {MessageKind.CANCEL, MessageKind.MODIFY}:
        return {"kind": str(parsed.kind), "target": _target(parsed, symbols)}
    if parsed.kind is MessageKind.MONITOR:
        return {"kind": "monitor", "symbols": symbols, "action": "notify"}
    return {"kind": str(parsed.kind)}


def _target(parsed: ParsedMessage, symbols: list[str]) -> object:
    if parsed.cancel_all:
        return "all"
    if parsed.order_ids:
        return {"order_ids": list(parsed.order_ids)}
    return {"symbols": symbols} if symbols else None


def _leg(trade: TradeDraft) -> Label:
    leg: Label = {
        "side": trade.side,
        "symbols": [symbol.tradingsymbol for symbol in trade.symbols],
        "exchange": trade.symbols[0].exchange if trade.symbols else None,
        "product": trade.product,
        "order_type": trade.order_type,
        "validity": trade.validity,
        "ttl_minutes": trade.ttl_minutes,
        "entry_condition": _condition(trade),
        "time_window": _window(trade),
    }
    leg |= {name: getattr(trade, name) for name in PRICES}
    for name in OFFSETS:
        offset = getattr(trade, name)
        leg[name] = {str(offset.kind): offset.value} if offset else None
    return leg | _size(trade.sizing)


def _size(sizing: Sizing | None) -> Label:
    return {str(sizing.method): sizing.value} if sizing else {}


def _condition(trade: TradeDraft) -> Label | None:
    if not trade.entry_rules:
        return None
    rule = trade.entry_rules[0]
    other = None if rule.instrument in trade.symbols else rule.instrument.tradingsymbol
    return {"metric": "price", "op": rule.comparison, "value": rule.price, "symbol": other}


def _window(trade: TradeDraft) -> Label | None:
    if trade.time_window is None:
        return None
    ends = {"start": trade.time_window.start, "end": trade.time_window.end}
    return {
        name: f"{(at.hour * 60 + at.minute + 330) // 60:02}:{(at.minute + 330) % 60:02}"
        for name, at in ends.items()
        if at is not None
    }


def legs_of(trade: Label) -> list[Label]:
    """Write a trade as one leg for each instrument."""
    legs = []
    for order in trade.get("orders") or [trade]:
        rest = {key: order[key] for key in order if key not in {"kind", "symbols"}}
        legs += [rest | {"symbol": symbol} for symbol in order.get("symbols") or [None]]
    return legs


def is_equal(wanted: Label, said: Label) -> bool:
    """Say whether two labels mean the same, with nothing more and nothing less."""
    if wanted["kind"] != said["kind"]:
        return False
    if wanted["kind"] != "trade":
        return _same(wanted, said)
    return _same(legs_of(wanted), legs_of(said))


def _same(wanted: object, said: object) -> bool:
    if not wanted and not said and wanted != 0 and said != 0:
        return True
    if isinstance(wanted, Decimal | int) and isinstance(said, Decimal | int):
        return abs(Decimal(wanted) - Decimal(said)) <= CLOSE
    if isinstance(wanted, dict) and isinstance(said, dict):
        return all(_same_field(key, wanted, said) for key in {*wanted, *said})
    if isinstance(wanted, list) and isinstance(said, list):
        return len(wanted) == len(said) and all(
            any(_same(one, other) for other in said) for one in wanted
        )
    return wanted == said


def _same_field(key: object, wanted: Label, said: Label) -> bool:
    one, other = wanted.get(str(key)), said.get(str(key))
    if key == "exchange" and {one, other} <= US_EXCHANGES:
        return True
    # The exchange of an instrument nobody could tell is no answer.
    if key == "exchange" and wanted.get("symbol") is None and other is None:
        return True
    return _same(one, other)
