"""How trading is stopped: words never do it, and the answer says what does."""

from dataclasses import replace
from typing import Final

from agents.insights.insight import Insight

NOT_BY_WORDS: Final = (
    "Words never set the kill switch: nothing was stopped, cancelled, closed or sold."
)
HOW: Final = (
    "To stop all new orders at once: 'Pause, drain, stop' in the side panel,"
    " 'sigmatrader kill on --reason ...' or POST /api/v1/kill-switch."
    " To close every position too: 'sigmatrader panic'."
    " To take back open orders say 'cancel all orders'; to leave positions 'square off all"
    " positions', which shows a card first. Letting orders run again needs the role risk_admin."
)


def halt_insight(risk: Insight) -> Insight:
    """Put what stops trading before the limits and the kill switch as they stand."""
    return replace(
        risk,
        title="Stop trading",
        fields={"help": f"{NOT_BY_WORDS} {HOW}", **risk.fields},
        said=(NOT_BY_WORDS, HOW, *risk.said),
    )
