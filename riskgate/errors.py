"""Faults of the gate's inputs. A denial is a decision, never one of these."""

from collections.abc import Iterable
from dataclasses import dataclass


class RiskGateError(Exception):
    """The gate was given something it cannot judge."""

    code = "RISKGATE_INPUT"


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """One thing that is wrong with a policy: where, what was expected, and what to do.

    `path` is the place in the document, `limits.loss.max_drawdown_pct`, or `policy` for all of it;
    `line` counts from 1 and is None where no text was read.
    """

    path: str
    message: str
    remedy: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path} (line {self.line})"
        return f"{place}: {self.message}; {self.remedy}"


class PolicyInvalid(RiskGateError):
    """The policy does not hold together; its text has one fault a line."""

    code = "POLICY_INVALID"

    def __init__(self, faults: Iterable[PolicyFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


class ApprovalMismatch(RiskGateError):
    """A plan, decision and policy that do not belong together were offered for approval."""

    code = "APPROVAL_MISMATCH"
