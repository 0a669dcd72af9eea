"""Messages and their labels as the corpus of utterances writes them.

One record is `{id, now, context, turns?, utterance}`; what a parser said of it is
`{kind, ...}` with `missing` and `ambiguous` beside it, in the words of the labels.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from re import findall
from typing import Any, Final

from agents.intent.model import (
    Changes,
    Draft,
    HeldPosition,
    IntentParser,
    MessageKind,
    OpenOrder,
    ParseContext,
    ParsedMessage,
    QueryTopic,
    TradeDraft,
)
from agents.intent.times import INDIA
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.intents import Condition, Offset, TimeWindow
from tools.ports import InstrumentDirectory

Record = Mapping[str, Any]
Label = dict[str, Any]

TOPIC_NAMES: Final = {QueryTopic.MARGIN: "margins"}
PRICES: Final = ("limit_price", "trigger_price", "max_slippage_pct")
OFFSETS: Final = ("stop_loss", "target", "trailing_stop")
PORTFOLIO: Final = "PORTFOLIO"
ORDER_ID: Final = r"\b\d{9,}\b"


def parsed_record(
    record: Record, parser: IntentParser, directory: InstrumentDirectory
) -> ParsedMessage:
    """Parse a record's utterance in its context, after its earlier turns."""
    context = context_before(record, parser, directory)
    return parser.parse(record["utterance"], context)


def context_before(
    record: Record, parser: IntentParser, directory: InstrumentDirectory
) -> ParseContext:
    """Return what a record's utterance may refer to, after its earlier turns."""
    context = _context(directory, record)
    for turn in record.get("turns", ()):
        context = _after(turn, parser, context)
    return context


def prediction(record: Record, parsed: ParsedMessage) -> Label:
    """Return the line that a scorer compares with the labels."""
    return {
        "id": record["id"],
        "predicted": described(parsed, datetime.fromisoformat(record["now"])),
        "missing": list(parsed.missing),
        "ambiguous": [ref.tradingsymbol for ref in parsed.ambiguous],
    }


def _after(turn: Record, parser: IntentParser, context: ParseContext) -> ParseContext:
    if turn["role"] != "user":
        ids = tuple(findall(ORDER_ID, turn["text"]))
        sent = {"told_orders": ids, "draft": None}
        return context.model_copy(update=sent) if ids else context
    parsed = parser.parse(turn["text"], context)
    if parsed.drops_draft:
        return context.model_copy(update={"draft": None})
    if len(parsed.trades) != 1:
        return context
    draft = Draft(
        trade=parsed.trades[0],
        missing=parsed.missing,
        ambiguous=parsed.ambiguous,
        message=turn["text"][:500],
    )
    return context.model_copy(update={"draft": draft, "told_orders": ()})


def _context(directory: InstrumentDirectory, record: Record) -> ParseContext:
    said = record["context"]
    focus = said.get("focus_symbol")
    return ParseContext(
        now=datetime.fromisoformat(record["now"]),
        positions=tuple(map(_held, said.get("positions", ()))),
        holdings=tuple(map(_held, said.get("holdings", ()))),
        open_orders=tuple(_order(directory, row) for row in said.get("open_orders", ())),
        focus_symbol=_named(directory, focus) if focus else None,
        equity=_number(said.get("equity")),
    )


def _held(row: Record) -> HeldPosition:
    return HeldPosition(
        instrument=InstrumentRef(exchange=row["exchange"], tradingsymbol=row["symbol"]),
        quantity=_number(row["qty"]),
        product=row.get("product"),
        average=_number(row.get("avg_price")),
        last=_number(row.get("ltp")),
    )


def _order(directory: InstrumentDirectory, row: Record) -> OpenOrder:
    trigger = row.get("trigger_price")
    return OpenOrder(
        order_id=row["order_id"],
        instrument=_named(directory, row["symbol"]),
        side=row["side"],
        quantity=_number(row.get("qty")),
        price=_number(trigger or row.get("price")),
        waits_for_trigger=bool(trigger) or "TRIGGER" in str(row.get("status", "")),
    )


def _number(value: object) -> Any:
    """Write a number as it was written; the labels know it in decimal."""
    return None if value is None else Decimal(str(value))


def _named(directory: InstrumentDirectory, symbol: str) -> InstrumentRef:
    found = directory.resolve(symbol).instrument
    return found.ref if found else InstrumentRef(exchange=Exchange.NSE, tradingsymbol=symbol)


def described(parsed: ParsedMessage, now: datetime) -> Label:
    """Write a parsed message in the words of the labels; times of today's are without a date."""
    symbols = [ref.tradingsymbol for ref in parsed.symbols]
    match parsed.kind:
        case MessageKind.TRADE:
            return _trade(parsed, now)
        case MessageKind.QUERY:
            topic = parsed.topic
            name = TOPIC_NAMES.get(topic, topic) if topic else None
            return {"kind": "query", "topic": name, "symbols": symbols}
        case MessageKind.RESEARCH:
            return {"kind": "research", "topic": parsed.research, "symbols": symbols}
        case MessageKind.CANCEL:
            return {"kind": "cancel", "target": _target(parsed, symbols)}
        case MessageKind.MODIFY:
            target, changes = _target(parsed, symbols), _changes(parsed.changes)
            return {"kind": "modify", "target": target, "changes": changes}
        case MessageKind.MONITOR:
            return {"kind": "monitor", "symbols": symbols, **_watch(parsed, now)}
        case _:
            return {"kind": str(parsed.kind)}


def _trade(parsed: ParsedMessage, now: datetime) -> Label:
    legs = [leg for trade in parsed.trades for leg in _legs(trade, now)]
    return {"kind": "trade", **legs[0]} if len(legs) == 1 else {"kind": "trade", "orders": legs}


def _legs(trade: TradeDraft, now: datetime) -> list[Label]:
    """Write one leg for each exchange that a draft's instruments are on."""
    said = dict.fromkeys(ref.exchange for ref in trade.symbols)
    exchanges: list[Exchange | None] = [*said] or [None]
    return [
        _leg(trade, now, exchange, [ref for ref in trade.symbols if ref.exchange == exchange])
        for exchange in exchanges
    ]


def _leg(
    trade: TradeDraft, now: datetime, exchange: Exchange | None, refs: Sequence[InstrumentRef]
) -> Label:
    leg: Label = {
        "side": trade.side,
        "symbols": [ref.tradingsymbol for ref in refs],
        "exchange": exchange,
        "product": trade.product,
        "order_type": trade.order_type,
        "validity": trade.validity,
        "ttl_minutes": trade.ttl_minutes,
        "entry_condition": _entry_condition(trade),
        "time_window": _window(trade.time_window, now),
    }
    leg |= {name: _json(getattr(trade, name)) for name in PRICES}
    for name in OFFSETS:
        offset: Offset | None = getattr(trade, name)
        leg[name] = {str(offset.kind): _json(offset.value)} if offset else None
    if trade.sizing is not None:
        leg[str(trade.sizing.method)] = _json(trade.sizing.value)
    return {name: value for name, value in leg.items() if value is not None}


def _entry_condition(trade: TradeDraft) -> Label | None:
    return None if trade.condition is None else _condition(trade.condition)


def _condition(condition: Condition) -> Label:
    params = {"period": condition.period, "interval": condition.interval}
    params = {name: value for name, value in params.items() if value is not None}
    instrument = condition.instrument
    label: Label = {
        "metric": str(condition.metric),
        "op": str(condition.operator),
        "value": _json(condition.value),
        "params": params or None,
        "symbol": instrument.tradingsymbol if instrument else None,
    }
    if instrument is None and condition.of_portfolio:
        label["symbol"] = PORTFOLIO
    return {name: value for name, value in label.items() if value is not None}


def _watch(parsed: ParsedMessage, now: datetime) -> Label:
    watch = parsed.watch
    if watch is None:
        return {"action": "notify"}
    condition = None if watch.condition is None else _condition(watch.condition)
    if condition is not None:
        condition.pop("symbol", None)
    label: Label = {
        "condition": condition,
        "cadence_s": watch.every_s,
        "window": _window(watch.window, now),
        "action": "propose_trade" if watch.proposes_trade else "notify",
    }
    return {name: value for name, value in label.items() if value is not None}


def _target(parsed: ParsedMessage, symbols: list[str]) -> object:
    if parsed.alerts:
        scope = {"scope": "all"} if parsed.cancel_all else {"symbols": symbols}
        return {"type": "alert", **scope}
    if parsed.cancel_all:
        return "all"
    if parsed.side is not None and not symbols:
        return {"side": str(parsed.side)}
    if parsed.order_ids:
        return {"order_ids": list(parsed.order_ids)}
    return {"symbols": symbols} if symbols else None


def _changes(changes: Changes | None) -> Label | None:
    if changes is None:
        return None
    return {name: _json(value) for name, value in changes if value is not None}


def _window(window: TimeWindow | None, now: datetime) -> Label | None:
    if window is None:
        return None
    ends = (("start", window.start), ("end", window.end))
    return {name: _clock(at.astimezone(INDIA), now) for name, at in ends if at is not None}


def _clock(at: datetime, now: datetime) -> str:
    """Write a time of today's as HH:MM, of another day with its date."""
    is_today = at.date() == now.astimezone(INDIA).date()
    return at.strftime("%H:%M" if is_today else "%Y-%m-%dT%H:%M")


def _json(value: object) -> object:
    """Write a decimal as the shortest JSON number that is equal, anything else as text."""
    if not isinstance(value, Decimal):
        return None if value is None else str(value)
    return int(value) if value == value.to_integral_value() else float(value)
