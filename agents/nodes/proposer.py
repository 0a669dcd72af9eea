"""Remember which program's words a request stands on."""

from collections.abc import Mapping

from agents.context import TurnContext
from riskgate.contracts.intents import Provenance, ProvenanceSource
from tools.ports import Relay


def proposer(context: TurnContext, sources: Mapping[str, Provenance]) -> Relay | None:
    """Return the program that passed the words on, in this turn or, where a field still stands on
    them, in the turn that a person completes or changes."""
    draft, relay = context.parse_context.draft, context.caller.relay
    if relay is not None or draft is None:
        return relay
    passed_on = any(one.source is ProvenanceSource.CLIENT_SPAN for one in sources.values())
    return draft.proposed_by if passed_on else None
