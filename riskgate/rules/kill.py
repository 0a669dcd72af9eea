"""KILL: the switch that stops trading."""

from collections.abc import Iterator

from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.metrics import Facts, figure
from riskgate.policy import Policy
from riskgate.rules.base import Breach


def halted(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse every order while HALTED, those that reduce included; cancels never come here."""
    if facts.gate_input.kill_switch is KillSwitchLevel.HALTED:
        yield Breach(
            "KILL_SWITCH_HALTED: trading is stopped, only cancels pass",
            "Wait until someone with the right to do so turns the kill switch off",
        )


def reduce_only(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse each leg that does not strictly lower exposure while REDUCE_ONLY."""
    if facts.gate_input.kill_switch is not KillSwitchLevel.REDUCE_ONLY:
        return
    for leg in facts.opening_legs:
        yield Breach(
            f"KILL_SWITCH_REDUCE_ONLY: {leg.name} would open {figure(leg.opening)} more",
            _remedy(leg.leg.side.lower(), figure(leg.closing)),
            leg,
            limit=leg.closing,
            actual=leg.quantity,
        )


def _remedy(verb: str, closable: str) -> str:
    if closable == "0":
        return "Wait until the kill switch is off; now only orders that close a position pass"
    return f"{verb.capitalize()} at most {closable}, which only closes what is held"
