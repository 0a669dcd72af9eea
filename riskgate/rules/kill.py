"""KILL: the switch that stops trading."""

from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.figures import figure
from riskgate.rules.base import NONE, Breach, Breaches
from riskgate.weigh import Facts


def kill_switch_on(f: Facts) -> Breaches:
    """Refuse every order while HALTED, and what does not strictly lower exposure in REDUCE_ONLY.

    Cancels never come here.
    """
    level = f.situation.kill_switch
    if level is KillSwitchLevel.RUNNING:
        return NONE
    if level is KillSwitchLevel.HALTED:
        return (
            Breach(
                "KILL_SWITCH_HALTED: trading is stopped, only cancels pass",
                "Wait until someone with the right to do so turns the kill switch off",
                binding=True,
                always=True,
            ),
        )
    return (
        Breach(
            f"KILL_SWITCH_REDUCE_ONLY: {f.name} would open {figure(f.opening)} more",
            _remedy(f),
            limit=f.closing,
            actual=f.candidate.quantity,
        ),
    )


def _remedy(f: Facts) -> str:
    if not f.closing:
        return "Wait until the kill switch is off; now only orders that close a position pass"
    return f"{f.side.capitalize()} at most {figure(f.closing)}, which only closes what is held"
