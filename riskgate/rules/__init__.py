"""Every rule of the gate, in the order that violations are listed in."""

from typing import Final

from riskgate.contracts.decisions import Severity
from riskgate.rules import exposure, kill, loss, order, system, validity
from riskgate.rules.base import Breach, Rule

__all__ = ["RULES", "Breach", "Rule"]

_CRITICAL, _HIGH = Severity.CRITICAL, Severity.HIGH

RULES: Final = (
    Rule("KILL-001", _CRITICAL, kill.halted),
    Rule("KILL-002", _CRITICAL, kill.reduce_only),
    Rule("SYS-001", _CRITICAL, system.quote_missing),
    Rule("SYS-002", _CRITICAL, system.quote_stale),
    Rule("SYS-003", _CRITICAL, system.snapshot_unfit),
    Rule("SYS-004", _CRITICAL, system.equity_missing),
    Rule("SYS-005", _CRITICAL, system.currency_differs),
    Rule("SYS-006", _CRITICAL, system.book_unpriced),
    Rule("PLAN-001", _HIGH, validity.outside_window),
    Rule("PLAN-002", _HIGH, validity.entry_rule_fails),
    Rule("PLAN-003", _HIGH, validity.exit_would_open),
    Rule("ORD-001", _HIGH, order.product_not_allowed),
    Rule("ORD-002", _HIGH, order.order_type_not_allowed),
    Rule("ORD-003", _HIGH, order.value_too_large),
    Rule("ORD-004", _HIGH, order.quantity_too_large),
    Rule("ORD-005", _HIGH, order.off_lot),
    Rule("ORD-006", _HIGH, order.off_tick),
    Rule("ORD-007", _HIGH, order.slices_wrong),
    Rule("ORD-008", _HIGH, order.outside_collar),
    Rule("ORD-009", _HIGH, order.trigger_passed),
    Rule("ORD-010", _HIGH, order.short_not_allowed),
    Rule("ORD-011", _HIGH, order.not_tradable),
    Rule("ORD-012", _HIGH, order.denied_instrument),
    Rule("MKT-001", _HIGH, validity.market_closed),
    Rule("EXP-001", _HIGH, exposure.position_too_large),
    Rule("EXP-002", _HIGH, exposure.gross_too_large),
    Rule("EXP-003", _HIGH, exposure.too_many_positions),
    Rule("EXP-004", _HIGH, exposure.too_many_symbols),
    Rule("LOSS-001", _CRITICAL, loss.day_lost_too_much),
    Rule("LOSS-002", _HIGH, loss.trade_risks_too_much),
    Rule("MARGIN-001", _HIGH, exposure.margin_too_small),
)
