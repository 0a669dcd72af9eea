"""What a person asked for, field by field, with the words each field came from."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from riskgate.contracts.base import Contract, Identifier, Number, Percent, Price, ShortText, UtcTime
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import OrderType, Product, Side, Validity


class ProvenanceSource(StrEnum):
    """Who decided a field. Nothing else may decide one.

    A client span is words that a program passed on in the person's name: enough to ask the person,
    never enough to act.
    """

    USER_SPAN = "user_span"
    CLIENT_SPAN = "client_span"
    UI = "ui"
    PLAYBOOK = "playbook"
    POLICY_DEFAULT = "policy_default"


SPANS: Final = frozenset({ProvenanceSource.USER_SPAN, ProvenanceSource.CLIENT_SPAN})


class Provenance(Contract):
    """Where one field came from; a span is `message[start:end]`, equal to `text`."""

    source: ProvenanceSource
    text: ShortText
    start: Annotated[int, Field(ge=0)] | None = None
    end: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _span_is_whole(self) -> Self:
        if self.source in SPANS:
            if self.start is None or self.end is None or self.end <= self.start:
                raise ValueError("a span of words needs start < end")
            if self.end - self.start != len(self.text):
                raise ValueError("a span of words must be as long as its text")
        return self


class SizingMethod(StrEnum):
    QUANTITY = "quantity"
    LOTS = "lots"
    NOTIONAL = "notional"
    FRACTION = "fraction"
    EQUITY_PCT = "equity_pct"
    RISK_AMOUNT = "risk_amount"
    RISK_PCT = "risk_pct"


class Sizing(Contract):
    """How large: `value` in shares, lots, account currency, 0..1 of the position, or percent."""

    method: SizingMethod
    value: Number


class OffsetKind(StrEnum):
    PRICE = "price"
    PCT = "pct"
    POINTS = "points"
    ATR = "atr"


class Offset(Contract):
    """A stop or target: an absolute price, or a distance from the entry."""

    kind: OffsetKind
    value: Number


class Comparison(StrEnum):
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"


class EntryRule(Contract):
    """A price condition that must hold when the order is sent."""

    instrument: InstrumentRef
    comparison: Comparison
    price: Price

    def holds(self, last: Decimal) -> bool:
        """Say whether the last price meets the rule."""
        return {
            Comparison.GT: last > self.price,
            Comparison.GTE: last >= self.price,
            Comparison.LT: last < self.price,
            Comparison.LTE: last <= self.price,
        }[self.comparison]


class Metric(StrEnum):
    """What a condition looks at; indicators are of the condition's own instrument."""

    PRICE = "price"
    PCT_CHANGE = "pct_change"
    PNL = "pnl"
    VOLUME = "volume"
    RSI = "rsi"
    SMA = "sma"
    EMA = "ema"
    VWAP = "vwap"
    MACD = "macd"
    ATR = "atr"
    ADX = "adx"


class Operator(StrEnum):
    """How a condition compares; a crossing needs the value before and the value now."""

    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CROSSES_ABOVE = "crosses_above"
    CROSSES_BELOW = "crosses_below"


class Condition(Contract):
    """What must come true, as it was said; falls and losses are negative.

    `instrument` is None for the subject's own instrument, or for the whole portfolio when
    `of_portfolio` is true. `value` is None where a price is compared with an average.
    """

    metric: Metric
    operator: Operator
    value: Number | None = None
    instrument: InstrumentRef | None = None
    of_portfolio: bool = False
    period: Annotated[int, Field(ge=1, le=1000)] | None = None
    interval: Annotated[str, StringConstraints(pattern=r"^\d{1,3}[mhd]$")] | None = None


class TimeWindow(Contract):
    """When an order may be sent; None leaves an end open."""

    start: UtcTime | None = None
    end: UtcTime | None = None


class TradeIntent(Contract):
    """A person's request to trade, before defaults, sizes or prices are worked out.

    Fields not said are None. `provenance` has one entry for each field that is set; several
    symbols mean the same order in each of them.
    """

    side: Side
    symbols: Annotated[tuple[InstrumentRef, ...], Field(min_length=1, max_length=10)]
    sizing: Sizing
    product: Product | None = None
    order_type: OrderType | None = None
    limit_price: Number | None = None
    trigger_price: Number | None = None
    stop_loss: Offset | None = None
    target: Offset | None = None
    validity: Validity | None = None
    ttl_minutes: Annotated[int, Field(ge=1, le=10_080)] | None = None
    time_window: TimeWindow | None = None
    entry_rules: tuple[EntryRule, ...] = ()
    max_slippage_pct: Percent | None = None
    account_id: Identifier | None = None
    provenance: dict[str, Provenance]

    @model_validator(mode="after")
    def _every_field_has_a_source(self) -> Self:
        decided = {
            name
            for name in type(self).model_fields
            if name != "provenance" and getattr(self, name) not in (None, ())
        }
        missing, spare = decided - self.provenance.keys(), self.provenance.keys() - decided
        if missing or spare:
            raise ValueError(f"provenance missing {sorted(missing)}, without field {sorted(spare)}")
        return self
