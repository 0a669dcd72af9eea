"""Look at a policy's limits."""

from typing import Annotated

from pydantic import Field, StringConstraints

from riskgate.contracts.base import Contract, Identifier, Sha256, UtcTime
from tools.offers import Desk, Facts, OfAccount, Offer, Toolset
from tools.ports import Caller, RecordReader, StoredPolicy, ToolRefusal
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="get_policy",
    title="Get policy",
    description=(
        "The limits by which the risk gate judges every plan of an account, or those of an earlier"
        " policy by its hash. They cannot be changed from here."
    ),
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)
MISSING = ToolRefusal(
    code="NOT_FOUND",
    message="there is no policy of this hash",
    remedy="Leave policy_hash out for the policy in force.",
)


class PolicyAsked(OfAccount):
    """Which policy."""

    policy_hash: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8,64}$")] | None,
        Field(description="The beginning of a hash; the policy in force without one."),
    ] = None


class PolicyAnswer(Contract):
    """A policy; `limits` is its plain data, as docs/reference/rules.md explains it."""

    policy_hash: Sha256
    created_at: UtcTime
    in_force: tuple[Identifier, ...]
    limits: Facts


async def get_policy(
    toolbox: Toolbox, reader: RecordReader, caller: Caller, policy_hash: str | None
) -> StoredPolicy | None:
    """Return a policy by its hash, without one the policy in force."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id, "policy_hash": policy_hash},
        lambda: reader.policy(caller, policy_hash),
        lambda policy: "none" if policy is None else policy.policy_hash,
    )


async def serve(desk: Desk, caller: Caller, asked: PolicyAsked) -> PolicyAnswer | ToolRefusal:
    """Answer with the policy asked for."""
    policy = await get_policy(desk.toolbox, desk.records, caller, asked.policy_hash)
    if policy is None:
        return MISSING
    return PolicyAnswer(
        policy_hash=policy.policy_hash,
        created_at=policy.created_at,
        in_force=policy.in_force,
        limits=policy.body,
    )


OFFER = Offer(
    tool=TOOL, toolset=Toolset.POLICY, asked=PolicyAsked, answer=PolicyAnswer, serve=serve
)
