"""A policy: every limit of one account, as one immutable value with a hash of its meaning."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple, Self

from pydantic import (
    AfterValidator,
    Field,
    SerializationInfo,
    StringConstraints,
    field_serializer,
    model_validator,
)

from riskgate.contracts.base import Contract
from riskgate.contracts.orders import Product
from riskgate.hashing import content_hash
from riskgate.policy.limits import (
    DIRECTIONS,
    ApprovalLimits,
    DataLimits,
    ExecutionLimits,
    ExposureLimits,
    KillSwitchLimits,
    Limits,
    LiveLimits,
    LossLimits,
    MarginLimits,
    MarketLimits,
    OrderLimits,
    ShortLimits,
    Tighter,
)

PEER_VERSION: Final = "0.1"
VERSION: Final = "1"
_PEER_TRIPS: Final = frozenset({"LOSS-002"})

ScopeName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Mode(StrEnum):
    """What a breach does: refuse, or only be reported. MONITOR is refused with a live broker."""

    ENFORCE = "enforce"
    MONITOR = "monitor"


class Override(Contract):
    """Limits that differ for one symbol or strategy: only the fields that are given count.

    Without `may_loosen` every given field is at least as tight as what it stands in for.
    """

    limits: Limits = Limits()
    may_loosen: Annotated[bool, Field(strict=True)] = False

    @field_serializer("limits")
    def _only_what_is_given(self, limits: Limits, info: SerializationInfo) -> dict[str, Any]:
        mode = "json" if info.mode == "json" else "python"
        blocks = limits.model_dump(mode=mode, exclude_unset=True)
        return {name: block for name, block in blocks.items() if block}


def _with_limits(overrides: dict[str, Override]) -> dict[str, Override]:
    return {name: one for name, one in overrides.items() if any(given(one.limits))}


# An override that gives no limit says nothing, and is not part of the policy.
Overrides = Annotated[dict[ScopeName, Override], AfterValidator(_with_limits)]


class Loosening(NamedTuple):
    """A field of an override that is looser than what it stands in for."""

    scope: str
    path: str
    value: object
    instead_of: object


class Policy(Contract):
    """Every limit of one account; the same limits are the same policy however they are written.

    An override holds field by field: symbol before strategy before `limits`. The kill switch,
    approvals and live limits are the account's and have none.
    """

    version: Annotated[str, StringConstraints(min_length=1, max_length=64)] = VERSION
    mode: Mode = Mode.ENFORCE
    limits: Limits = Limits()
    kill_switch: KillSwitchLimits = KillSwitchLimits()
    approval: ApprovalLimits = ApprovalLimits()
    live: LiveLimits = LiveLimits()
    symbols: Overrides = Field(default_factory=dict)
    strategies: Overrides = Field(default_factory=dict)

    @model_validator(mode="after")
    def _looser_overrides_say_so(self) -> Self:
        if self.version != PEER_VERSION:
            for one in loosenings(self):
                kind, name = one.scope.split(" ", 1)
                override = (self.symbols if kind == "symbol" else self.strategies)[name]
                if not override.may_loosen:
                    raise ValueError(
                        f"{one.path} of {one.scope} is looser ({one.value}) than {one.instead_of}; "
                        "tighten it, or give the override may_loosen: true"
                    )
        return self

    @property
    def tripping_rules(self) -> frozenset[str]:
        """The rules that turn the kill switch on: in the peer's version the drawdown at most."""
        named = frozenset(self.kill_switch.trip_on_rules)
        return named & _PEER_TRIPS if self.version == PEER_VERSION else named

    @property
    def policy_hash(self) -> str:
        """SHA-256 of the limits in force, defaults included; order and spelling do not count."""
        return content_hash(self)


def loosenings(policy: Policy) -> Iterator[Loosening]:
    """Yield every field of an override that is looser than the policy's own limit."""
    for kind, overrides in (("symbol", policy.symbols), ("strategy", policy.strategies)):
        for name, override in sorted(overrides.items()):
            for block, field, value in given(override.limits):
                base = getattr(getattr(policy.limits, block), field)
                if is_looser(block, field, value, base):
                    yield Loosening(f"{kind} {name}", f"{block}.{field}", value, base)


def given(limits: Limits) -> Iterator[tuple[str, str, Any]]:
    """Yield block, field and value of every limit that was given, not left to its default."""
    for block in type(limits).model_fields:
        if block in limits.model_fields_set:
            values = getattr(limits, block)
            for field in type(values).model_fields:
                if field in values.model_fields_set:
                    yield block, field, getattr(values, field)


def is_looser(block: str, field: str, value: Any, base: Any) -> bool:
    """Say whether one value of a limit lets something pass that another refuses."""
    if value == base or base is None:
        return False
    if value is None:
        return True
    match DIRECTIONS.get(f"{block}.{field}", Tighter.SMALLER):
        case Tighter.SMALLER:
            return bool(value > base)
        case Tighter.LARGER:
            return bool(value < base)
        case Tighter.FEWER:
            return not value <= base
        case Tighter.MORE:
            return not value >= base


DEFAULT_POLICY: Final = Policy(
    limits=Limits(
        exposure=ExposureLimits(
            max_position_pct=Decimal("0.25"),
            max_gross_exposure_x=Decimal(1),
            max_open_positions=20,
            max_open_orders=50,
            max_symbols_per_plan=5,
        ),
        loss=LossLimits(
            daily_loss_limit_pct=Decimal("0.02"),
            weekly_loss_limit_pct=Decimal("0.04"),
            monthly_loss_budget_pct=Decimal("0.06"),
            max_drawdown_pct=Decimal("0.10"),
            max_risk_per_trade_pct=Decimal("0.01"),
        ),
        execution=ExecutionLimits(
            max_orders_per_minute_global=20,
            max_orders_per_minute_by_strategy=20,
            max_orders_per_minute_by_symbol=10,
            max_messages_per_second=10,
            max_messages_per_minute=200,
            max_orders_per_day=1000,
            exit_reserve_pct=Decimal("0.2"),
            duplicate_window_s=Decimal(30),
        ),
        order=OrderLimits(
            max_order_value=Decimal(1_000_000),
            max_order_quantity=Decimal(50_000),
            price_collar_pct=Decimal("0.02"),
            trigger_collar_pct=Decimal("0.20"),
        ),
        data=DataLimits(
            quote_age_max_s=Decimal(10),
            snapshot_age_max_s=Decimal(30),
            clock_skew_max_s=Decimal(5),
            exits_need_every_price=False,
        ),
        market=MarketLimits(check_hours=True, mis_cutoff_minutes=10, check_circuit_band=True),
        short=ShortLimits(allow_short_products=frozenset({Product.MIS, Product.NRML})),
        margin=MarginLimits(margin_fraction=Decimal("0.2")),
    ),
    kill_switch=KillSwitchLimits(
        trip_on_rules=("LOSS-002",), trip_after_n_violations=20, violation_window_seconds=300
    ),
)
