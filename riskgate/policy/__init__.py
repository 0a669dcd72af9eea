"""What an account may do: the policy, how it is written, and what holds for one order."""

from riskgate.policy.document import DEFAULT_POLICY, PEER_VERSION, Mode, Override, Policy
from riskgate.policy.limits import (
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
)
from riskgate.policy.lint import Finding, lint, lint_text
from riskgate.policy.rule_ids import KNOWN_RULES
from riskgate.policy.scopes import Scope, longest_duplicate_window, scope_of
from riskgate.policy.text import parse_policy, parse_policy_value, policy_text

__all__ = [
    "DEFAULT_POLICY",
    "KNOWN_RULES",
    "PEER_VERSION",
    "ApprovalLimits",
    "DataLimits",
    "ExecutionLimits",
    "ExposureLimits",
    "Finding",
    "KillSwitchLimits",
    "Limits",
    "LiveLimits",
    "LossLimits",
    "MarginLimits",
    "MarketLimits",
    "Mode",
    "OrderLimits",
    "Override",
    "Policy",
    "Scope",
    "ShortLimits",
    "lint",
    "lint_text",
    "longest_duplicate_window",
    "parse_policy",
    "parse_policy_value",
    "policy_text",
    "scope_of",
]
