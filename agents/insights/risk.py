"""Limits: how much of each is used and left, as the gate counts."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from agents.insights import figures
from agents.insights.insight import Cited, Insight, cited_view, inputs_used, number
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Currency
from riskgate.contracts.standing import LimitUse, Standing
from tools.ports import AccountView

TIGHTEST: Final = 3
# Rates, of which everything is left again a minute later.
PASSING: Final = ("EXEC-001", "EXEC-004")
NO_EQUITY: Final = "The broker tells no equity now, so what is left of the limits cannot be said."
# What people call a limit; the rest is called by its name.
NAMES: Final = {
    "loss.daily_loss_limit_pct": "Loss today",
    "loss.weekly_loss_limit_pct": "Loss this week",
    "loss.monthly_loss_budget_pct": "Loss this month",
    "loss.max_drawdown_pct": "Below the highest equity",
    "loss.max_risk_per_trade_pct": "Loss at the stop, each trade",
    "exposure.max_gross_exposure_x": "All positions",
    "exposure.max_net_exposure_x": "Net of shorts",
    "exposure.max_position_pct": "Position",
    "exposure.max_sector_pct": "Sector",
    "exposure.max_symbol_pct": "All contracts on",
    "exposure.max_open_positions": "Open positions",
    "exposure.max_open_orders": "Open orders",
    "execution.max_orders_per_minute_global": "Orders in a minute",
    "execution.max_messages_per_second": "Messages in a second",
    "execution.max_messages_per_minute": "Messages in a minute",
    "execution.max_orders_per_day": "Orders today",
    "order.max_order_value": "Value of each order",
    "order.max_order_quantity": "Quantity of each order",
    "margin.margin_fraction": "Blocked as margin",
}


def risk_insight(view: AccountView, standing: Standing | None) -> Insight:
    """Answer with every limit of the account's policy and the kill switch."""
    inputs = inputs_used(view)
    if standing is None:
        said = view.warning or NO_EQUITY
        return Insight(
            title="Risk",
            fields={"warning": said},
            said=(said,),
            cited=(cited_view(view),),
            inputs=inputs,
        )
    return Insight(
        title="Risk",
        fields={
            "kill_switch": kill_switch_row(standing),
            "currency": standing.currency.value,
            "limits": limit_rows(standing),
            "warning": _unpriced(standing),
        },
        said=(*kill_switch_sentences(standing), *limit_sentences(standing)),
        cited=standing_evidence(view, standing),
        inputs={**inputs, "policy_hash": standing.policy_hash},
    )


def standing_evidence(view: AccountView, standing: Standing) -> tuple[Cited, ...]:
    """Cite the book, the policy, and each rule with its limit."""
    policy = Cited(kind="policy", id=standing.policy_hash, of={"version": standing.policy_version})
    return (cited_view(view), policy, *(_rule(use) for use in standing.uses))


def limit_rows(standing: Standing, only: Sequence[LimitUse] | None = None) -> list[JsonValue]:
    """Return a row for each limit."""
    uses = standing.uses if only is None else only
    return [
        {
            "rule_id": use.rule_id,
            "name": name_of(use),
            "limit_name": use.limit_name,
            "of": use.of,
            "used": number(use.used),
            "limit": number(use.limit),
            "left": number(use.left),
            "unit": use.unit,
            "reached": use.is_reached,
            "source": use.source,
            "evidence": [use.rule_id, standing.policy_hash, standing.broker_snapshot_id],
        }
        for use in uses
    ]


def kill_switch_row(standing: Standing) -> JsonValue:
    """Return how far the account may trade now."""
    return {"level": standing.kill_switch.value, "reason": standing.kill_switch_reason}


def kill_switch_sentences(standing: Standing) -> list[str]:
    """Say that the kill switch is on, where it is."""
    if standing.kill_switch is KillSwitchLevel.RUNNING:
        return []
    why = f" ({standing.kill_switch_reason})" if standing.kill_switch_reason else ""
    return [f"The kill switch is at {standing.kill_switch}{why}."]


def limit_sentences(standing: Standing) -> list[str]:
    """Say which limits are reached, and how much is left of the tightest others."""
    reached = [use for use in standing.uses if use.is_reached]
    said = [f"Reached: {name_of(use)} ({use.rule_id})." for use in reached]
    left = [_left(use) for use in tightest(standing) if not use.is_reached]
    return [*said, f"Left: {'; '.join(left)}."] if left else said


def tightest(standing: Standing, count: int = TIGHTEST) -> tuple[LimitUse, ...]:
    """Return the limits of which the smallest part is left, of those that something is used of."""
    lasting = (use for use in standing.uses if use.rule_id not in PASSING)
    used = [use for use in lasting if use.used and use.limit and use.left is not None]
    return tuple(sorted(used, key=_share_left)[:count])


def name_of(use: LimitUse) -> str:
    """Call a limit as people do, with what it is of."""
    name = NAMES.get(use.limit_name, use.limit_name)
    return f"{name} {use.of}" if use.of else name


def in_unit(value: Decimal, unit: str) -> str:
    """Write what is used or left of a limit: money with its sign, else what is counted."""
    if unit in figures.SIGNS:
        return figures.money(value, unit)
    return f"{figures.count(value, Currency.INR)} {unit}"


def _left(use: LimitUse) -> str:
    left, limit = use.left or Decimal(0), use.limit or Decimal(0)
    of = in_unit(limit, use.unit)
    some = in_unit(left, use.unit).removesuffix(f" {use.unit}")
    return f"{name_of(use)} {some} of {of} ({use.rule_id})"


def _share_left(use: LimitUse) -> Decimal:
    return (use.left or Decimal(0)) / (use.limit or Decimal(1))


def _rule(use: LimitUse) -> Cited:
    limit = number(use.limit)
    return Cited(kind="rule", id=use.rule_id, of={} if limit is None else {"limit": limit})


def _unpriced(standing: Standing) -> str | None:
    if not standing.unpriced:
        return None
    return f"Not counted, because their value is not known: {'; '.join(standing.unpriced)}."
