"""List turns and what they came to."""

from collections.abc import Sequence

from riskgate.contracts.base import Code, Contract, Identifier, UtcTime
from riskgate.contracts.traces import DecisionTrace, TurnOutcome
from tools.offers import Desk, Offer, PageAnswer, PageAsked, Toolset, next_offset
from tools.ports import Caller, RecordReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope
from tools.words import Origin, Words, words

TOOL = Tool(
    name="list_decisions",
    title="List decisions",
    description="The newest turns of the conversation: what was asked and what became of it.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


class DecisionRow(Contract):
    """One turn; get_decision says more of it."""

    decision_id: Identifier
    account_id: Identifier
    started_at: UtcTime
    ended_at: UtcTime
    asked: Words
    outcome: TurnOutcome
    error_code: Code | None
    plan_id: Identifier | None


class DecisionsAnswer(PageAnswer):
    """A page of turns, newest first."""

    rows: tuple[DecisionRow, ...]


async def list_decisions(
    toolbox: Toolbox, reader: RecordReader, caller: Caller, asked: PageAsked
) -> Sequence[DecisionTrace]:
    """Return a page of turns and one more, where there is one."""
    return await toolbox.call(
        TOOL,
        {"limit": asked.limit, "offset": asked.offset},
        lambda: reader.decisions(caller, limit=asked.limit + 1, offset=asked.offset),
        lambda rows: f"{len(rows)} decisions",
    )


async def serve(desk: Desk, caller: Caller, asked: PageAsked) -> DecisionsAnswer:
    """Answer with a page of turns."""
    found = await list_decisions(desk.toolbox, desk.records, caller, asked)
    return DecisionsAnswer(
        rows=tuple(map(row, found[: asked.limit])), next_offset=next_offset(asked, len(found))
    )


def row(trace: DecisionTrace) -> DecisionRow:
    """Show a turn in a list."""
    return DecisionRow(
        decision_id=trace.decision_id,
        account_id=trace.account_id,
        started_at=trace.started_at,
        ended_at=trace.ended_at,
        asked=words(
            Origin.MCP_CLIENT if "relay" in trace.inputs_used.context else Origin.PERSON,
            trace.user_message,
        ),
        outcome=trace.final_outcome,
        error_code=trace.error_code,
        plan_id=trace.plan_id,
    )


OFFER = Offer(
    tool=TOOL, toolset=Toolset.DECISIONS, asked=PageAsked, answer=DecisionsAnswer, serve=serve
)
