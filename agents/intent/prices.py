"""Prices, stops, targets, order type and settings of an order, from the words for them."""

from decimal import Decimal
from typing import Final

from agents.intent.fields import Fields
from agents.intent.match import Match, Matches
from agents.intent.problems import problem
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.intents import Offset, OffsetKind
from riskgate.contracts.orders import OrderType

OFFSETS: Final[dict[Slot, tuple[str, OffsetKind]]] = {
    Slot.STOP_PRICE: ("stop_loss", OffsetKind.PRICE),
    Slot.STOP_PCT: ("stop_loss", OffsetKind.PCT),
    Slot.STOP_POINTS: ("stop_loss", OffsetKind.POINTS),
    Slot.STOP_ATR: ("stop_loss", OffsetKind.ATR),
    Slot.TRAIL_PRICE: ("trailing_stop", OffsetKind.PRICE),
    Slot.TRAIL_PCT: ("trailing_stop", OffsetKind.PCT),
    Slot.TRAIL_POINTS: ("trailing_stop", OffsetKind.POINTS),
    Slot.TRAIL_ATR: ("trailing_stop", OffsetKind.ATR),
    Slot.TARGET_ATR: ("target", OffsetKind.ATR),
    Slot.TARGET_PRICE: ("target", OffsetKind.PRICE),
    Slot.TARGET_PCT: ("target", OffsetKind.PCT),
    Slot.TARGET_POINTS: ("target", OffsetKind.POINTS),
}
PRICES: Final[dict[Slot, str]] = {
    Slot.LIMIT_PRICE: "limit_price",
    Slot.TRIGGER_PRICE: "trigger_price",
}
LONGEST_TTL: Final = 10_080
# What a problem is of that names a kind of order.
VARIETY: Final = "variety"


def put_prices(fields: Fields, matches: Matches) -> None:
    """Set limit and trigger price, stop and target."""
    for match in matches.of(*PRICES):
        name = PRICES[match.slot]
        if (value := _price(fields, match, name)) is not None:
            _once(fields, name, value, match)
    for match in matches.of(*OFFSETS):
        name, kind = OFFSETS[match.slot]
        if (value := _price(fields, match, name)) is not None:
            _once(fields, name, Offset(kind=kind, value=value), match)
    _let_trail(fields, matches)
    if matches.has(Slot.STOP, Slot.TRAIL) and not {"stop_loss", "trailing_stop"} & {*fields.values}:
        fields.ask("stop_loss")
    if matches.has(Slot.TRIGGER) and "trigger_price" not in fields.values:
        fields.ask("trigger_price")


def _let_trail(fields: Fields, matches: Matches) -> None:
    """Make "stop loss 2 percent trailing" the trailing stop it is; at a price it is unclear."""
    stop = fields.values.get("stop_loss")
    trails = matches.of(Slot.TRAIL)
    if not trails or not isinstance(stop, Offset) or "trailing_stop" in fields.values:
        return
    if stop.kind is OffsetKind.PRICE:
        fields.problems.append(problem("CONTRADICTORY", "stop_loss", _quote(fields, trails[0])))
        return
    words = next(match for match in matches.of(*OFFSETS) if OFFSETS[match.slot][0] == "stop_loss")
    fields.drop("stop_loss")
    fields.put("trailing_stop", stop, words)


def put_order_type(fields: Fields, matches: Matches) -> None:
    """Set the order type said, or the only one that takes the prices said."""
    trigger = matches.of(Slot.SL_ORDER, Slot.SLM_ORDER, Slot.TRIGGER_PRICE, Slot.TRIGGER)
    limit = matches.of(Slot.LIMIT, Slot.LIMIT_PRICE)
    market = matches.of(Slot.MARKET)
    if market and limit:
        quoted = f"{_quote(fields, market[0])} / {_quote(fields, limit[0])}"
        fields.problems.append(problem("CONTRADICTORY", "order_type", quoted))
    elif trigger:
        with_limit = limit or matches.has(Slot.SL_ORDER)
        fields.put("order_type", OrderType.SL if with_limit else OrderType.SL_M, trigger[0])
    elif limit:
        fields.put("order_type", OrderType.LIMIT, limit[0])
    elif market:
        fields.put("order_type", OrderType.MARKET, market[0])


def put_settings(fields: Fields, matches: Matches) -> None:
    """Set product, validity, life time and slippage."""
    for match in matches.of(Slot.PRODUCT):
        _once(fields, "product", match.items[0].meanings[Tag.PRODUCT], match)
    for match in matches.of(Slot.VALIDITY):
        _once(fields, "validity", match.items[0].meanings[Tag.VALIDITY], match)
    for match in matches.of(Slot.MINUTES, Slot.HOURS):
        value = (match.value or Decimal(0)) * (60 if match.slot is Slot.HOURS else 1)
        if 1 <= value <= LONGEST_TTL and value == int(value):
            _once(fields, "ttl_minutes", int(value), match)
        else:
            _refuse_setting(fields, match, "an order lives from 1 minute to 7 days")
    for match in matches.of(Slot.SLIPPAGE):
        if match.value is not None and 0 <= match.value <= 100:
            _once(fields, "max_slippage_pct", match.value, match)
        else:
            _refuse_setting(fields, match, "it must be from 0 to 100 percent")


def put_variety(fields: Fields, matches: Matches) -> None:
    """Tell each kind of order that is not offered, so that none is left out in silence."""
    for match in matches.of(Slot.VARIETY):
        why = match.items[0].meanings[Tag.VARIETY]
        fields.problems.append(problem("NOT_AVAILABLE", VARIETY, _quote(fields, match), why))


def _price(fields: Fields, match: Match, name: str) -> Decimal | None:
    if match.value is None:
        text = match.amounts[0].text
        fields.problems.append(problem("PRICE_INVALID", name, text, "it is no such number"))
    return match.value


def _once(fields: Fields, name: str, value: object, match: Match) -> None:
    if name in fields.values and fields.values[name] != value:
        fields.problems.append(problem("CONTRADICTORY", name, _quote(fields, match)))
    else:
        fields.put(name, value, match)


def _refuse_setting(fields: Fields, match: Match, why: str) -> None:
    fields.problems.append(problem("SETTING_INVALID", match.slot, _quote(fields, match), why))


def _quote(fields: Fields, *matches: Match) -> str:
    return fields.message[matches[0].start : matches[-1].end]
