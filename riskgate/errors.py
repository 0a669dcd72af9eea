"""Faults of the gate's inputs. A denial is a decision, never one of these."""


class RiskGateError(Exception):
    """The gate was given something it cannot judge."""

    code = "RISKGATE_INPUT"


class PolicyInvalid(RiskGateError):
    """The policy text does not describe a policy."""

    code = "POLICY_INVALID"


class ApprovalMismatch(RiskGateError):
    """A plan, decision and policy that do not belong together were offered for approval."""

    code = "APPROVAL_MISMATCH"
