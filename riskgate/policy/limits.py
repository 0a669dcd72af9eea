"""The limits themselves, by block. None turns a limit off; a share is a fraction, `10%` or 0.10."""

import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from riskgate.contracts.base import Contract, ExactNumber
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import OrderType, Product


class Tighter(StrEnum):
    """Which of two values of a limit refuses more: how overrides and changes are compared."""

    SMALLER = "smaller"
    LARGER = "larger"
    FEWER = "fewer"
    MORE = "more"


# Context of validation for text that a person wrote: there, a quoted number is a mistake.
WRITTEN = "written"
_PERCENT: Final = re.compile(r"-?[0-9]+(\.[0-9]+)? ?%")


def _unquoted(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str) or info.context != WRITTEN:
        return value
    try:
        finite = Decimal(value).is_finite()
    except InvalidOperation:
        raise PydanticCustomError("not_a_number", "must be a number") from None
    if not finite:
        raise PydanticCustomError("not_finite", "must be a finite number")
    raise PydanticCustomError("number_in_quotes", "must be a number without quotes")


def _share(value: object, info: ValidationInfo) -> object:
    if isinstance(value, str) and value.endswith("%"):
        if not _PERCENT.fullmatch(value):
            raise PydanticCustomError("not_a_number", "must be a number before the %")
        # Not scaleb: it would round to the precision of the context.
        return Decimal(f"{value[:-1].strip()}E-2")
    return _unquoted(value, info)


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _known_exchange(entry: str) -> str:
    exchange, colon, _symbol = entry.rpartition(":")
    if colon and exchange not in set(Exchange):
        raise ValueError(f"names the exchange {exchange}, known are {', '.join(Exchange)}")
    return entry


_Sorted = PlainSerializer(sorted, return_type=list[str], when_used="json")
_Number = Annotated[ExactNumber, BeforeValidator(_unquoted)]
_Share = Annotated[ExactNumber, BeforeValidator(_share)]
Count = Annotated[int, Field(ge=1, le=10_000, strict=True)]

# A fraction of something that may not be above all of it.
Share = Annotated[_Share, Field(gt=0, le=1)]
# A multiple of equity.
Multiple = Annotated[_Share, Field(gt=0)]
Amount = Annotated[_Number, Field(gt=0)]
Seconds = Annotated[_Number, Field(ge=0)]
Threshold = Annotated[_Number, Field(ge=0)]
InstrumentName = Annotated[
    str,
    StringConstraints(max_length=50, pattern=r"^([A-Z]+:)?[A-Z0-9][A-Z0-9 &.\-]*$"),
    AfterValidator(_known_exchange),
]


class ExposureLimits(Contract):
    """Caps on what may be held, of equity; at the cap passes, above it breaches.

    A position is all of one instrument, a symbol all contracts of one underlying.
    """

    max_position_pct: Share | None = None
    max_gross_exposure_x: Multiple | None = None
    max_net_exposure_x: Multiple | None = None
    max_sector_pct: Multiple | None = None
    max_symbol_pct: Multiple | None = None
    max_open_positions: Count | None = None
    max_open_orders: Count | None = None
    max_symbols_per_plan: Count | None = None


class LossLimits(Contract):
    """Bounds on losing; at the bound breaches, but a trade's own risk may be just at its bound.

    Day, week and month are of the equity each began with, the drawdown of the highest equity, a
    trade's risk of equity now. The month's budget latches: once spent, no order opens anything
    until the next month, whatever is earned back. Without `stop_required` a trade that names no
    stop has no risk to measure and passes.
    """

    daily_loss_limit_pct: Share | None = None
    weekly_loss_limit_pct: Share | None = None
    monthly_loss_budget_pct: Share | None = None
    max_drawdown_pct: Share | None = None
    max_risk_per_trade_pct: Share | None = None
    stop_required: Annotated[bool, Field(strict=True)] = False


class ExecutionLimits(Contract):
    """Rates over true sliding windows; at the limit breaches, since the count is of those before.

    A message is whatever goes to the broker: an order, a change or a cancel. The reserve is the
    part of the global and message limits that only exits and cancels may use.
    """

    max_orders_per_minute_global: Count | None = None
    max_orders_per_minute_by_strategy: Count | None = None
    max_orders_per_minute_by_symbol: Count | None = None
    max_messages_per_second: Count | None = None
    max_messages_per_minute: Count | None = None
    max_orders_per_day: Count | None = None
    exit_reserve_pct: Annotated[_Share, Field(ge=0, lt=1)] = Decimal(0)
    duplicate_window_s: Annotated[_Number, Field(ge=0, le=86_400)] = Decimal(0)

    def kept_for_exits(self, limit: int) -> int:
        """Return how many of a rate are kept for the orders that only reduce."""
        return int((limit * self.exit_reserve_pct).to_integral_value(ROUND_CEILING))


class KillSwitchLimits(Contract):
    """When the gate itself tightens the kill switch, and how far.

    A rule in `trip_on_rules` trips it at once; `trip_after_n_violations` refused orders within the
    window trip it too.
    """

    trip_on_rules: Annotated[tuple[str, ...], AfterValidator(_each_once)] = ()
    trip_after_n_violations: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = None
    violation_window_seconds: Annotated[int, Field(ge=1, le=31_536_000, strict=True)] = 300
    trip_to: KillSwitchLevel = KillSwitchLevel.REDUCE_ONLY


class OrderLimits(Contract):
    """Bounds of one order. Money is in the account's currency, collars are of the last price.

    List entries are `NSE:INFY`, or `INFY` for the symbol on every exchange. `allow_list` None
    permits every instrument that is not denied; an empty one permits none. With a
    `market_protection_pct`, an order without a limit price is refused when its side of the market
    is further than that from the last price, or not known.
    """

    max_order_value: Amount | None = None
    max_order_quantity: Amount | None = None
    allowed_products: Annotated[frozenset[Product], _Sorted] | None = None
    allowed_order_types: Annotated[frozenset[OrderType], _Sorted] | None = None
    allowed_exchanges: Annotated[frozenset[Exchange], _Sorted] | None = None
    price_collar_pct: Share | None = None
    trigger_collar_pct: Share | None = None
    market_protection_pct: Share | None = None
    deny_list: Annotated[frozenset[InstrumentName], _Sorted] = frozenset()
    allow_list: Annotated[frozenset[InstrumentName], _Sorted] | None = None

    def denies(self, instrument: InstrumentRef) -> bool:
        """Say whether the instrument is on the deny list, or missing from an allow list."""
        names = {str(instrument), str(instrument.tradingsymbol)}
        if names & self.deny_list:
            return True
        return self.allow_list is not None and not names & self.allow_list


class DataLimits(Contract):
    """How old, in seconds, a fact may be, and how far ahead of the clock its stamp may run.

    With `exits_need_every_price` an order that only closes is refused too while something else in
    the book has no current price; its own price must be good in any case.
    """

    quote_age_max_s: Seconds | None = None
    snapshot_age_max_s: Seconds | None = None
    clock_skew_max_s: Seconds = Decimal(5)
    exits_need_every_price: Annotated[bool, Field(strict=True)] = True


class MarketLimits(Contract):
    """Bounds on when and into what kind of market an order goes.

    `check_hours` refuses outside sessions and where they are not known; `mis_cutoff_minutes`
    refuses to open MIS that long before the close; `check_circuit_band` refuses prices outside the
    day's band, and a live quote without one; the guards are of the last price and of the previous
    close.
    """

    check_hours: Annotated[bool, Field(strict=True)] = False
    mis_cutoff_minutes: Annotated[int, Field(ge=0, le=375, strict=True)] | None = None
    check_circuit_band: Annotated[bool, Field(strict=True)] = False
    max_slippage_pct: Share | None = None
    max_gap_pct: Share | None = None


class ShortLimits(Contract):
    """Products in which more may be sold than is held; None is every product."""

    allow_short_products: Annotated[frozenset[Product], _Sorted] | None = None


class MarginLimits(Contract):
    """The part of a notional that must be free; CNC needs all of it. None asks for no margin."""

    margin_fraction: Share | None = None


class ApprovalLimits(Contract):
    """Notionals that decide who must agree; None asks for an approval, and never for two.

    `policy_change_four_eyes` has a second person approve each change of the policy.
    """

    execute_without_approval_below_notional: Threshold | None = None
    four_eyes_above_notional: Threshold | None = None
    policy_change_four_eyes: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _thresholds_are_in_order(self) -> Self:
        one, two = self.execute_without_approval_below_notional, self.four_eyes_above_notional
        if one is not None and two is not None and two < one:
            raise ValueError("four_eyes_above_notional is below the notional that needs nobody")
        return self


class LiveLimits(Contract):
    """Limits of a day that a live order must have, the order itself included."""

    max_orders_per_day: Count | None = None
    max_notional_per_day: Amount | None = None
    max_loss_per_day: Amount | None = None


class Limits(Contract):
    """Every limit that one order is judged by."""

    exposure: ExposureLimits = ExposureLimits()
    loss: LossLimits = LossLimits()
    execution: ExecutionLimits = ExecutionLimits()
    order: OrderLimits = OrderLimits()
    data: DataLimits = DataLimits()
    market: MarketLimits = MarketLimits()
    short: ShortLimits = ShortLimits()
    margin: MarginLimits = MarginLimits()


# Every limit that is not here is an upper bound.
DIRECTIONS: Final[Mapping[str, Tighter]] = {
    "loss.stop_required": Tighter.LARGER,
    "execution.exit_reserve_pct": Tighter.LARGER,
    "execution.duplicate_window_s": Tighter.LARGER,
    "order.allowed_products": Tighter.FEWER,
    "order.allowed_order_types": Tighter.FEWER,
    "order.allowed_exchanges": Tighter.FEWER,
    "order.allow_list": Tighter.FEWER,
    "order.deny_list": Tighter.MORE,
    "data.exits_need_every_price": Tighter.LARGER,
    "market.check_hours": Tighter.LARGER,
    "market.check_circuit_band": Tighter.LARGER,
    "market.mis_cutoff_minutes": Tighter.LARGER,
    "short.allow_short_products": Tighter.FEWER,
    "margin.margin_fraction": Tighter.LARGER,
}
