"""Which policies may stand before which brokers."""

from app.errors import Unprocessable
from riskgate.policy import Mode, Policy


class PolicyMonitorLive(Unprocessable):
    """A policy that only reports may not stand before real money."""

    code = "POLICY_MONITOR_LIVE"
    remedy = "Write mode: enforce in the policy, or use an account on the paper broker."


def refuse_monitoring(policy: Policy, account_id: str, *, live: bool) -> None:
    """Raise PolicyMonitorLive for a policy that only monitors an account at a live broker."""
    if live and policy.mode is Mode.MONITOR:
        raise PolicyMonitorLive(
            f"the policy {policy.policy_hash[:12]} only monitors, and account {account_id} is at a "
            "live broker"
        )
