"""A stop, a trailing stop or a pair on what is held: the order that would leave it."""

from decimal import Decimal
from itertools import pairwise
from typing import Final

from agents.intent.fields import Fields
from agents.intent.match import Match, Matches
from agents.intent.model import HeldPosition, ParseContext
from agents.intent.problems import problem
from agents.intent.resolve import Named, held_by
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.intents import Offset, OffsetKind, Sizing, SizingMethod
from riskgate.contracts.orders import OrderType, Side

VERBS: Final = (Slot.BUY, Slot.SELL, Slot.EXIT)
STOPS: Final = (Slot.STOP_PRICE, Slot.STOP, Slot.STOP_PCT, Slot.STOP_POINTS)
TRAILS: Final = (Slot.TRAIL_PRICE, Slot.TRAIL_PCT, Slot.TRAIL_POINTS, Slot.TRAIL_ATR)
TARGETS: Final = (Slot.TARGET_PRICE, Slot.TARGET_PCT, Slot.TARGET_POINTS)
SIZED_BY_WHAT_IS_RISKED: Final = (Slot.RISK_PCT, Slot.RISK_AMOUNT, Slot.EQUITY_PCT)
SIZED_BY_THE_POSITION: Final = (
    SizingMethod.QUANTITY, SizingMethod.LOTS, SizingMethod.FRACTION,
)  # fmt: skip


def put_protection(fields: Fields, matches: Matches, named: Named, context: ParseContext) -> None:
    """Turn "place a stop at 1350 on X" into the order that would leave what is held of X."""
    held = [held for held in held_by(context) if held.instrument in named.refs]
    words = _guards(matches)
    gtt = fields.values.get("validity") == "GTT"
    if not words or len(held) != 1 or matches.has(*VERBS) or _opens(matches, gtt=gtt):
        return
    if not (gtt or _stops(matches) or matches.has(*TRAILS)):
        return
    if matches.has(Slot.SHORT if held[0].quantity > 0 else Slot.LONG):
        # "short tcs sl 3400" of what is held long guards none of it.
        if _is_a_position(matches):
            fields.drop("side")
            fields.ask("side")
        return
    _put_way_out(fields, held[0], words[0])
    if gtt and matches.has(*TARGETS):
        return
    if not gtt and _is_distance(fields):
        # A stop some way below is known by its trigger; without one it would be a sale right now.
        fields.put("order_type", OrderType.SL_M, words[0])
        fields.ask("trigger_price")
        if not matches.has(*TARGETS):
            fields.drop("stop_loss")
        return
    if _stops(matches) and not matches.has(*TRAILS, *TARGETS):
        _put_stop_order(fields, matches)


def _is_distance(fields: Fields) -> bool:
    """Say whether a stop is a percentage or points, and no trigger is said."""
    stop = fields.values.get("stop_loss")
    by_price = not isinstance(stop, Offset) or stop.kind is OffsetKind.PRICE
    return not by_price and "trigger_price" not in fields.values


def _stops(matches: Matches) -> tuple[Match, ...]:
    """Return the words for a stop, "sl trigger 1405" among them."""
    return tuple(
        match
        for match in matches.found
        if match.slot in STOPS
        or (match.slot is Slot.TRIGGER_PRICE and any(item.has(Tag.STOP) for item in match.items))
    )


def _guards(matches: Matches) -> tuple[Match, ...]:
    others = matches.of(*TRAILS, *TARGETS)
    return tuple(sorted((*_stops(matches), *others), key=lambda match: match.place))


def _opens(matches: Matches, *, gtt: bool) -> bool:
    """Say whether "short 10 tcs, sl 3400" may be a new trade and not a stop for "my tcs".

    A size beside a stop that nobody says to place is that of an order whose side may be unsaid.
    """
    if matches.has(*SIZED_BY_WHAT_IS_RISKED):
        # "risk 1% on infy, sl 1450" sizes a new trade, whatever is held.
        return True
    sized = matches.has(Slot.QUANTITY, Slot.NUMBER, Slot.LOTS, Slot.NOTIONAL)
    return sized and not (gtt or matches.mine or matches.has(Slot.PLACE))


def _put_way_out(fields: Fields, held: HeldPosition, words: Match) -> None:
    fields.put("side", Side.SELL if held.quantity > 0 else Side.BUY, words)
    if "sizing" not in fields.values:
        fields.put("sizing", Sizing(method=SizingMethod.FRACTION, value=Decimal(1)), words)


def _put_stop_order(fields: Fields, matches: Matches) -> None:
    """Make the stop said the trigger of the order, whichever word gave its price."""
    stop = fields.values.get("stop_loss")
    words = _stops(matches)[0]
    triggered = "trigger_price" in fields.values
    if isinstance(stop, Offset):
        if stop.kind is not OffsetKind.PRICE:
            return
        if triggered and fields.values["trigger_price"] != stop.value:
            # "sl 1350 trigger 1352" may mean either number.
            quoted = fields.message[words.start : words.end]
            fields.problems.append(problem("CONTRADICTORY", "trigger_price", quoted))
            return
        fields.drop("stop_loss")
        fields.put("trigger_price", stop.value, words)
    elif not triggered and _limit_said(matches):
        fields.ask("trigger_price")
    elif not triggered and "limit_price" in fields.values:
        value, source = fields.values["limit_price"], fields.words["limit_price"]
        fields.drop("limit_price")
        fields.values["trigger_price"], fields.words["trigger_price"] = value, source
    elif not triggered:
        return
    if "stop_loss" in fields.missing:
        fields.missing.remove("stop_loss")
    with_limit = "limit_price" in fields.values or matches.has(Slot.SL_ORDER, Slot.LIMIT)
    fields.put("order_type", OrderType.SL if with_limit else OrderType.SL_M, words)


def _limit_said(matches: Matches) -> bool:
    """Say whether a price was called a limit; "at 1350" beside a stop is its trigger."""
    return any(
        item.has(Tag.LIMIT) for match in matches.of(Slot.LIMIT_PRICE) for item in match.items
    )


def _is_a_position(matches: Matches) -> bool:
    """Say whether "infy short" names a position; "short infy" may begin one."""
    return any(
        before.slot is Slot.SYMBOL and word.slot in {Slot.LONG, Slot.SHORT}
        for before, word in pairwise(matches.found)
    )
