"""Complete an argument from what the caller may see."""

from typing import Final

from mcp_types import CompleteRequestParams, PromptReference
from pydantic import JsonValue

from app.mcp_server.calls import Calls, Surface
from app.mcp_server.visitors import Visit
from riskgate.contracts.base import Contract
from tools.read.list_accounts import AccountsAnswer
from tools.read.list_decisions import DecisionsAnswer

VALUES_MAX: Final = 50
# Which tool knows the values of an argument, and what it is asked.
SOURCES: Final[dict[str, tuple[str, dict[str, JsonValue]]]] = {
    "decision_id": ("list_decisions", {"limit": VALUES_MAX}),
    "plan_id": ("list_decisions", {"limit": VALUES_MAX}),
    "account_id": ("list_accounts", {}),
}


async def completions(calls: Calls, visit: Visit, asked: CompleteRequestParams) -> list[str]:
    """Return values that begin with what was typed; none where nothing is known or allowed."""
    name = asked.argument.name
    tool, arguments = SOURCES.get(name, ("", {}))
    offer = calls.offer(tool)
    if offer is None:
        where = "prompt" if isinstance(asked.ref, PromptReference) else "resource"
        await calls.note(visit, where, surface=Surface.COMPLETION)
        return []
    outcome = await calls.run(visit, offer, arguments, surface=Surface.COMPLETION)
    known = [] if outcome.answer is None else _values(name, outcome.answer)
    return [value for value in known if value.startswith(asked.argument.value)][:VALUES_MAX]


def _values(name: str, answer: Contract) -> list[str]:
    match answer:
        case AccountsAnswer():
            return [row.account_id for row in answer.rows]
        case DecisionsAnswer() if name == "decision_id":
            return [row.decision_id for row in answer.rows]
        case DecisionsAnswer():
            plans = (row.plan_id for row in answer.rows if row.plan_id is not None)
            return list(dict.fromkeys(plans))
        case _:
            return []
