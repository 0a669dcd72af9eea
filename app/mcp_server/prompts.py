"""Prompts that people may start from; what they say never widens what the tools can do."""

import re
from dataclasses import dataclass
from typing import Final

from mcp_types import GetPromptResult, Prompt, PromptArgument, PromptMessage, TextContent

ARGUMENT_MAX: Final = 4_000
PLACE: Final = re.compile(r"\{([a-z_]+)\}")
LEFT_OUT: Final = "(the default)"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A prompt: its text, in which `{name}` stands for an argument."""

    name: str
    title: str
    description: str
    arguments: tuple[PromptArgument, ...]
    text: str

    @property
    def listed(self) -> Prompt:
        return Prompt(
            name=self.name,
            title=self.title,
            description=self.description,
            arguments=list(self.arguments),
        )


RECIPES: Final = (
    Recipe(
        name="explain_refusal",
        title="Explain a refusal",
        description="Why the risk gate refused a plan, and the smallest change that would pass.",
        arguments=(
            PromptArgument(
                name="decision_id", title="Decision", description="Which turn.", required=True
            ),
        ),
        text=(
            "Read the decision {decision_id} with get_decision. Tell me in plain words which rules"
            " refused it, with each limit beside the figure that broke it, and what would pass. Do"
            " not propose anything: if I want the smaller trade I will ask for it myself."
        ),
    ),
    Recipe(
        name="morning_check",
        title="Morning check",
        description="Login, kill switch, exceptions, positions, orders and waiting cards.",
        arguments=(
            PromptArgument(
                name="account_id",
                title="Account",
                description="Which account; the default one without it.",
                required=False,
            ),
        ),
        text=(
            "Give me a morning check of my trading account {account_id}. Call view_login,"
            " get_kill_switch, list_exceptions, view_account, list_orders and list_proposals, then"
            " tell me in at most ten lines: whether trading is possible, what needs me first, what"
            " I hold and what it is worth, and what waits for my decision. Name the time of the"
            " figures. Propose nothing."
        ),
    ),
    Recipe(
        name="propose_trade",
        title="Propose a trade",
        description="Turn your words into a card that you decide on in SigmaTrader's page.",
        arguments=(
            PromptArgument(
                name="words",
                title="Your words",
                description="The whole order, such as: buy 10 INFY at 1480, cnc, stop 2%.",
                required=True,
            ),
        ),
        text=(
            "Pass these words on with propose_trade, whole and unchanged: “{words}”. If something"
            " is missing, ask me for it and do not choose it for me. If a card waits, show me its"
            " facts and its approve_url; I decide there, and nothing I say here is an approval. If"
            " it was refused, tell me the rules and what would pass."
        ),
    ),
)


def recipe(name: str) -> Recipe | None:
    """Return a prompt by its name, or None."""
    return next((one for one in RECIPES if one.name == name), None)


def missing_arguments(wanted: Recipe, given: dict[str, str]) -> list[str]:
    """Return the names of arguments that are needed and not given."""
    return [
        argument.name
        for argument in wanted.arguments
        if argument.required and not given.get(argument.name, "").strip()
    ]


def filled(wanted: Recipe, given: dict[str, str]) -> GetPromptResult:
    """Return the prompt with its arguments in place, each as it was given."""

    def value(match: re.Match[str]) -> str:
        return given.get(match[1], "").strip()[:ARGUMENT_MAX] or LEFT_OUT

    said = TextContent(type="text", text=PLACE.sub(value, wanted.text))
    return GetPromptResult(
        description=wanted.description, messages=[PromptMessage(role="user", content=said)]
    )
