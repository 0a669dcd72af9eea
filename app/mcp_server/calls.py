"""One call: limited, checked, run within the caller's scopes, and written into the audit log."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from mcp_types import CallToolResult
from pydantic import JsonValue, ValidationError

from app.audit.log import Entry, append
from app.errors import AppError, NotFound
from app.identity.rate_limit import WINDOW, RateLimited
from app.mcp_server import results
from app.mcp_server.looking import Looking
from app.mcp_server.parts import McpParts
from app.mcp_server.proposing import Proposer
from app.mcp_server.results import Problem
from app.mcp_server.secrecy import holds_secret, redacted
from app.mcp_server.visitors import Visit, Visitor
from app.persistence import accounts
from app.pipeline.views import require_account
from app.telemetry import log, mcp_calls_total
from riskgate.contracts.base import Contract
from tools.offers import AnyOffer, Desk, OfAccount
from tools.ports import ToolRefusal
from tools.registry import Toolbox, ToolDenied

NO_ACCOUNT: Final = "none"
SECRET_GIVEN: Final = (
    "an argument holds what looks like a key or a token; nothing was read or kept of it"
)


class Surface(StrEnum):
    """As what something was asked for."""

    TOOL = "tool"
    RESOURCE = "resource"
    PROMPT = "prompt"
    COMPLETION = "completion"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a call: the answer, or the problem instead of one."""

    answer: Contract | None = None
    problem: Problem | None = None

    @property
    def result(self) -> CallToolResult:
        if self.problem is not None:
            return results.failed(self.problem)
        if self.answer is None:
            raise ValueError("a call without an answer needs a problem")
        return results.answered(self.answer)


class Calls:
    """Runs the tools that are served, as tools and as what stands on them."""

    def __init__(self, parts: McpParts) -> None:
        self._parts = parts
        self._offers = {offer.name: offer for offer in parts.offers}
        self._running: set[asyncio.Task[Outcome]] = set()
        self._told_limited: dict[tuple[str, str], datetime] = {}

    def offer(self, name: str) -> AnyOffer | None:
        """Return a tool that is served, or None."""
        return self._offers.get(name)

    async def run(
        self,
        visit: Visit,
        offer: AnyOffer,
        arguments: Mapping[str, JsonValue],
        *,
        surface: Surface = Surface.TOOL,
    ) -> Outcome:
        """Run one call and record it, also when the client has gone; what cannot be recorded is
        not answered."""
        task = asyncio.create_task(self._run(visit, offer, arguments, surface))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Wait for calls whose client has gone."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def note(
        self, visit: Visit, name: str, *, surface: Surface, code: str = "ok"
    ) -> Problem | None:
        """Count and record a request that runs no tool; returns the problem where it is limited."""
        limited = self._count(visit, f"{surface}:{name}", read_only=True)
        said = code if limited is None else limited.code
        mcp_calls_total.labels(name, said).inc()
        try:
            await self._record(visit, _Record(name, surface, {}, said, 0))
        except AppError as down:
            return results.of_error(down, visit.call_id)
        return limited

    def count_opening(self, visitor: Visitor) -> None:
        """Count a session that is about to be opened. Raises RateLimited."""
        principal = visitor.principal
        allowance = self._parts.limiter.take(
            user=f"{principal.tenant_id}:{principal.user_id}",
            method="GET",
            route="mcp:initialize",
            now=self._parts.clock.now(),
        )
        if allowance.exceeded:
            raise RateLimited(f"more than {allowance.limit} sessions opened in a minute")

    async def _run(
        self, visit: Visit, offer: AnyOffer, arguments: Mapping[str, JsonValue], surface: Surface
    ) -> Outcome:
        began = self._parts.microseconds()
        outcome = await self._outcome(visit, offer, arguments, surface)
        code = "ok" if outcome.problem is None else outcome.problem.code
        mcp_calls_total.labels(offer.name, code).inc()
        known = {name: arguments[name] for name in offer.asked.model_fields if name in arguments}
        spent_us = self._parts.microseconds() - began
        try:
            await self._record(visit, _Record(offer.name, surface, known, code, spent_us))
        except AppError as down:
            return Outcome(problem=results.of_error(down, visit.call_id))
        return outcome

    async def _outcome(
        self, visit: Visit, offer: AnyOffer, arguments: Mapping[str, JsonValue], surface: Surface
    ) -> Outcome:
        try:
            return await self._answer(visit, offer, arguments, surface)
        except ValidationError as invalid:
            problem = results.of_arguments(invalid, visit.call_id)
        except ToolDenied as denied:
            problem = Problem(
                code=denied.code,
                message=str(denied),
                remediation="Sign in with a scope or a role that reaches the tool.",
                call_id=visit.call_id,
            )
        except AppError as error:
            problem = results.of_error(error, visit.call_id)
        except Exception as error:  # noqa: BLE001 # edge: a call is always answered and recorded
            log.error("mcp_call_failed", tool=offer.name, call_id=visit.call_id, exc_info=error)
            problem = Problem(
                code="INTERNAL",
                message="something on our side went wrong",
                remediation="Look up the call id in the server's log before trying again.",
                retry_safe=False,
                call_id=visit.call_id,
            )
        return Outcome(problem=problem)

    async def _answer(
        self, visit: Visit, offer: AnyOffer, arguments: Mapping[str, JsonValue], surface: Surface
    ) -> Outcome:
        counted = offer.name if surface is Surface.TOOL else f"{surface}:{offer.name}"
        limited = self._count(visit, counted, read_only=offer.tool.read_only)
        if limited is not None:
            return Outcome(problem=limited)
        if holds_secret(dict(arguments)):
            return Outcome(problem=_secret_given(visit.call_id))
        asked = offer.asked.model_validate(arguments)
        answer = await offer.serve(
            self._desk(visit), visit.caller(await self._account(visit, asked)), asked
        )
        if isinstance(answer, ToolRefusal):
            return Outcome(problem=results.of_refusal(answer, visit.call_id))
        return Outcome(answer=answer)

    def _desk(self, visit: Visit) -> Desk:
        parts = self._parts
        return Desk(
            toolbox=Toolbox(visit.visitor.scopes, parts.microseconds),
            accounts=Looking(parts.views),
            quotes=parts.views,
            insights=parts.insights,
            directory=parts.directory,
            records=parts.records,
            trades=Proposer(parts, visit),
        )

    async def _account(self, visit: Visit, asked: Contract) -> str:
        """Return the account asked about, or the default. Raises NotFound."""
        if not isinstance(asked, OfAccount):
            return NO_ACCOUNT
        async with self._parts.database.tenant(visit.visitor.principal.tenant_id) as session:
            if asked.account_id is not None:
                return (await require_account(session, asked.account_id)).account_id
            found = await accounts.list_accounts(session)
        if not found:
            raise NotFound("there is no account")
        return found[0].account_id

    def _count(self, visit: Visit, tool: str, *, read_only: bool) -> Problem | None:
        allowance = self._parts.limiter.take(
            user=visit.user_key,
            method="GET" if read_only else "POST",
            route=f"mcp:{tool}",
            now=self._parts.clock.now(),
        )
        if not allowance.exceeded:
            return None
        limited = RateLimited(
            f"more than {allowance.limit} calls of {tool} in a minute",
            remedy="Wait as many seconds as retry_after_s says.",
        )
        return results.of_error(limited, visit.call_id, retry_after_s=allowance.retry_after_s)

    async def _record(self, visit: Visit, record: "_Record") -> None:
        # A client that loops must not fill the log that orders are written into as well.
        if record.code == RateLimited.code and self._was_told(visit, record.name):
            return
        entry = Entry(
            actor=visit.visitor.principal.user_id,
            action="mcp.called",
            entity="mcp_call",
            entity_id=visit.call_id,
            body={
                "surface": record.surface.value,
                "name": record.name,
                "client": visit.client,
                "protocol": visit.protocol,
                "credential": visit.visitor.credential.value,
                "scopes": " ".join(sorted(visit.visitor.scopes)),
                "arguments": redacted(record.arguments),
                "outcome": record.code,
                "duration_us": max(record.duration_us, 0),
            },
        )
        tenant_id = visit.visitor.principal.tenant_id
        async with self._parts.database.tenant(tenant_id) as session:
            await append(session, entry, at=self._parts.clock.now())

    def _was_told(self, visit: Visit, name: str) -> bool:
        """Say whether it was recorded in the last minute that the user is limited here."""
        now, who = self._parts.clock.now(), (visit.user_key, name)
        told = self._told_limited.get(who)
        if told is not None and now - told < WINDOW:
            return True
        self._told_limited[who] = now
        return False


class _Record(NamedTuple):
    name: str
    surface: Surface
    arguments: Mapping[str, JsonValue]
    code: str
    duration_us: int


def _secret_given(call_id: str) -> Problem:
    return Problem(
        code="SECRET_IN_ARGUMENTS",
        message=SECRET_GIVEN,
        remediation="Leave it out, and make a new one: the client has shown it to a model.",
        call_id=call_id,
    )
