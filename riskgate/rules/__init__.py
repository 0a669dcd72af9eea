"""Every rule of the gate, in the order that violations are listed in."""

from typing import Final

from riskgate.contracts.decisions import Severity
from riskgate.rules import exposure, kill, loss, market, order, plan, rates, system
from riskgate.rules.base import Breach, PlanRule, Rule

__all__ = ["RULES", "Breach", "PlanRule", "Rule"]

_CRITICAL, _HIGH = Severity.CRITICAL, Severity.HIGH
_RATES = tuple(
    f"execution.max_{name}"
    for name in (
        "orders_per_minute_global",
        "orders_per_minute_by_strategy",
        "orders_per_minute_by_symbol",
        "messages_per_second",
        "messages_per_minute",
        "orders_per_day",
    )
)

RULES: Final[tuple[Rule | PlanRule, ...]] = (
    Rule("KILL-001", _CRITICAL, kill.kill_switch_on, exits_pass=True),
    Rule("SYS-001", _CRITICAL, system.price_unusable, facts=True),
    PlanRule("SYS-003", _CRITICAL, plan.snapshot_unfit, facts=True),
    Rule("SYS-004", _CRITICAL, system.equity_unknown, facts=True),
    Rule("SYS-005", _CRITICAL, system.currency_differs, facts=True, listed=True),
    Rule("SYS-007", _CRITICAL, system.rates_unknown, limits=_RATES, facts=True),
    Rule(
        "LOSS-001",
        _HIGH,
        loss.day_lost_too_much,
        limits=("loss.daily_loss_limit_pct",),
        exits_pass=True,
    ),
    Rule(
        "LOSS-002",
        _CRITICAL,
        loss.drawdown_too_deep,
        limits=("loss.max_drawdown_pct",),
        exits_pass=True,
    ),
    Rule(
        "LOSS-003",
        _HIGH,
        loss.week_lost_too_much,
        limits=("loss.weekly_loss_limit_pct",),
        exits_pass=True,
    ),
    Rule(
        "LOSS-004",
        _CRITICAL,
        loss.month_spent,
        limits=("loss.monthly_loss_budget_pct",),
        exits_pass=True,
    ),
    Rule(
        "LOSS-005",
        _HIGH,
        loss.trade_risks_too_much,
        limits=("loss.max_risk_per_trade_pct", "loss.stop_required"),
        reduces=True,
        exits_pass=True,
    ),
    Rule("EXEC-001", _HIGH, rates.too_many_orders, limits=_RATES[:1]),
    Rule("EXEC-002", _HIGH, rates.too_many_of_strategy, limits=_RATES[1:2], exits_pass=True),
    Rule("EXEC-003", _HIGH, rates.too_many_of_symbol, limits=_RATES[2:3], exits_pass=True),
    Rule("EXEC-004", _HIGH, rates.too_many_messages, limits=_RATES[3:5]),
    Rule("EXEC-005", _HIGH, rates.too_many_today, limits=_RATES[5:], exits_pass=True),
    Rule("EXEC-006", _HIGH, rates.same_order_again, limits=("execution.duplicate_window_s",)),
    Rule(
        "EXP-001",
        _HIGH,
        exposure.position_too_large,
        limits=("exposure.max_position_pct",),
        reduces=True,
        exits_pass=True,
    ),
    Rule(
        "EXP-002",
        _HIGH,
        exposure.gross_too_large,
        limits=("exposure.max_gross_exposure_x",),
        reduces=True,
        exits_pass=True,
    ),
    Rule(
        "EXP-003",
        _HIGH,
        exposure.net_too_large,
        limits=("exposure.max_net_exposure_x",),
        reduces=True,
        exits_pass=True,
    ),
    Rule(
        "EXP-004",
        _HIGH,
        exposure.sector_too_large,
        limits=("exposure.max_sector_pct",),
        reduces=True,
        exits_pass=True,
    ),
    Rule(
        "EXP-005",
        _HIGH,
        exposure.symbol_too_large,
        limits=("exposure.max_symbol_pct",),
        reduces=True,
        exits_pass=True,
    ),
    Rule(
        "EXP-006",
        _HIGH,
        exposure.too_many_positions,
        limits=("exposure.max_open_positions",),
        exits_pass=True,
    ),
    Rule(
        "EXP-007",
        _HIGH,
        exposure.too_many_orders,
        limits=("exposure.max_open_orders",),
        exits_pass=True,
    ),
    PlanRule("EXP-008", _HIGH, plan.too_many_symbols, limits=("exposure.max_symbols_per_plan",)),
    PlanRule("PLAN-001", _HIGH, plan.outside_window, facts=True),
    PlanRule("PLAN-002", _HIGH, plan.entry_rule_fails, facts=True),
    Rule("PLAN-003", _HIGH, order.exit_would_open),
    Rule("ORD-001", _HIGH, order.product_not_allowed, limits=("order.allowed_products",)),
    Rule("ORD-002", _HIGH, order.order_type_not_allowed),
    Rule("ORD-003", _HIGH, order.value_too_large, limits=("order.max_order_value",), reduces=True),
    Rule(
        "ORD-004",
        _HIGH,
        order.quantity_too_large,
        limits=("order.max_order_quantity",),
        reduces=True,
    ),
    Rule("ORD-005", _HIGH, order.off_lot, listed=True),
    Rule("ORD-006", _HIGH, order.off_tick, listed=True),
    Rule("ORD-007", _HIGH, order.slices_wrong, listed=True),
    Rule(
        "ORD-008",
        _HIGH,
        order.outside_collar,
        limits=("order.price_collar_pct", "order.trigger_collar_pct"),
    ),
    Rule("ORD-009", _HIGH, order.trigger_passed, listed=True),
    Rule("ORD-010", _HIGH, order.short_not_allowed, limits=("short.allow_short_products",)),
    Rule("ORD-011", _HIGH, order.not_tradable, listed=True),
    Rule(
        "ORD-012",
        _HIGH,
        order.denied_instrument,
        limits=("order.deny_list", "order.allow_list"),
    ),
    Rule(
        "ORD-013",
        _HIGH,
        order.market_unprotected,
        limits=("order.market_protection_pct",),
    ),
    Rule("ORD-014", _HIGH, order.own_order_opposite),
    Rule("ORD-015", _HIGH, order.exchange_not_allowed, limits=("order.allowed_exchanges",)),
    Rule("MKT-001", _HIGH, market.market_closed, limits=("market.check_hours",), exits_pass=True),
    Rule("MKT-002", _HIGH, market.outside_band, limits=("market.check_circuit_band",)),
    Rule("MKT-003", _HIGH, market.too_late_for_intraday, limits=("market.mis_cutoff_minutes",)),
    Rule(
        "MKT-004",
        _HIGH,
        market.slips_too_far,
        limits=("market.max_slippage_pct",),
        reduces=True,
    ),
    Rule("MKT-005", _HIGH, market.gapped_too_far, limits=("market.max_gap_pct",)),
    Rule(
        "MARGIN-001",
        _HIGH,
        exposure.margin_too_small,
        limits=("margin.margin_fraction",),
        reduces=True,
        exits_pass=True,
    ),
)
