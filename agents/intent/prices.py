"""Prices, stops, targets, order type and the conditions of an order, from the words for them."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from agents.intent.fields import Fields
from agents.intent.match import Match, Matches
from agents.intent.model import ParseContext
from agents.intent.problems import problem
from agents.intent.resolve import Named, Resolver, symbol_in
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import Currency, InstrumentRef
from riskgate.contracts.intents import Comparison, EntryRule, Offset, OffsetKind, TimeWindow
from riskgate.contracts.orders import OrderType

OFFSETS: Final[dict[Slot, tuple[str, OffsetKind]]] = {
    Slot.STOP_PRICE: ("stop_loss", OffsetKind.PRICE),
    Slot.STOP_PCT: ("stop_loss", OffsetKind.PCT),
    Slot.STOP_POINTS: ("stop_loss", OffsetKind.POINTS),
    Slot.TARGET_PRICE: ("target", OffsetKind.PRICE),
    Slot.TARGET_PCT: ("target", OffsetKind.PCT),
    Slot.TARGET_POINTS: ("target", OffsetKind.POINTS),
}
PRICES: Final[dict[Slot, str]] = {
    Slot.LIMIT_PRICE: "limit_price",
    Slot.TRIGGER_PRICE: "trigger_price",
}
RULES: Final[dict[Slot, Comparison]] = {
    Slot.RULE_ABOVE: Comparison.GT,
    Slot.RULE_BELOW: Comparison.LT,
}
ZONES: Final = {Currency.INR: timezone(timedelta(hours=5, minutes=30))}
LONGEST_TTL: Final = 10_080


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
    if matches.has(Slot.STOP) and "stop_loss" not in fields.values:
        fields.ask("stop_loss")
    if matches.has(Slot.TRIGGER) and "trigger_price" not in fields.values:
        fields.ask("trigger_price")


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


def put_rules(fields: Fields, matches: Matches, own: Named, resolver: Resolver) -> None:
    """Set the price conditions; one on an instrument nobody can tell is asked for again."""
    said = matches.of(*RULES)
    rules: list[EntryRule] = []
    for match in said:
        instrument = _rule_instrument(match, own, resolver)
        price = _price(fields, match, "condition")
        if instrument is None or price is None or price <= 0:
            fields.ask("condition")
            return
        rules.append(EntryRule(instrument=instrument, comparison=RULES[match.slot], price=price))
    if rules:
        fields.put("entry_rules", tuple(rules), *said)


def put_window(fields: Fields, matches: Matches, context: ParseContext) -> None:
    """Set when the order may be sent, today in the market's own time zone."""
    said = matches.of(Slot.BETWEEN, Slot.AFTER, Slot.UNTIL)
    if not said:
        return
    zone = ZONES.get(context.currency)
    times = [item.value for match in said for item in match.amounts]
    if zone is None or any(value is None for value in times):
        fields.problems.append(problem("TIME_UNCLEAR", "time_window", _quote(fields, said[0])))
        return
    ends = _ends(said, context.now.astimezone(zone))
    if ends is None:
        fields.problems.append(problem("CONTRADICTORY", "time_window", _quote(fields, *said)))
        return
    fields.put("time_window", TimeWindow(start=ends[0], end=ends[1]), *said)


def _ends(
    said: tuple[Match, ...], today: datetime
) -> tuple[datetime | None, datetime | None] | None:
    starts = [_at(today, match, 0) for match in said if match.slot is not Slot.UNTIL]
    ends = [_at(today, match, -1) for match in said if match.slot is not Slot.AFTER]
    if len(starts) > 1 or len(ends) > 1:
        return None
    start, end = next(iter(starts), None), next(iter(ends), None)
    if start is not None and end is not None and end <= start:
        return None
    return start, end


def _at(today: datetime, match: Match, which: int) -> datetime:
    minutes = int(match.amounts[which].value or 0)
    return today.replace(hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0)


def _rule_instrument(match: Match, own: Named, resolver: Resolver) -> InstrumentRef | None:
    item = symbol_in(match)
    named = own if item is None else resolver.quoted([item])
    return named.refs[0] if len(named.refs) == 1 else None


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
