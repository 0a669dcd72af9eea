"""An account's policy is changed by a proposal and an approval, and holds from the next verdict.

Nothing keeps a policy in memory: whoever judges reads the account's, held in the same transaction.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue, ValidationError

from adapters.ports import Brokers, Clock, IdFactory
from app.audit.log import Entry, append
from app.errors import (
    AppError,
    Conflict,
    FieldError,
    Forbidden,
    InvalidRequest,
    NotFound,
    Unprocessable,
)
from app.gate.modes import refuse_monitoring
from app.gate.policy_difference import FieldChange, differences
from app.gate.service import account_policy
from app.identity.principal import Permission, Principal, Role
from app.persistence import accounts, policies
from app.persistence.accounts import AccountRecord
from app.persistence.database import Database, Session
from app.persistence.policies import ChangeRecord, ChangeStatus, PolicyRecord
from riskgate.contracts.orders import ExecutionMode
from riskgate.errors import PolicyInvalid
from riskgate.hashing import canonical_json
from riskgate.policy import Finding, Policy, lint, lint_text, parse_policy, policy_text

# The operator at the machine is nobody in particular, so neither of two people.
OPERATOR: Final = "operator"
MOST_WAITING: Final = 3
OPEN_FOR: Final = timedelta(days=3)
SHORTEST_PREFIX: Final = 8


class PolicyRefused(Unprocessable):
    """The text is no policy; `errors` has every fault with its path, line and remedy."""

    code = "POLICY_INVALID"
    remedy = "Correct what errors[] names; docs/howto/write-a-policy.md lists every key."


class PolicyUnchanged(Unprocessable):
    """The text means exactly what is in force."""

    code = "POLICY_UNCHANGED"
    remedy = "Nothing is to be done; GET /api/v1/policies/current shows what is in force."


class PolicyStale(Conflict):
    """Another policy is in force than the one that the change was made against."""

    code = "POLICY_STALE"
    remedy = "Look at the policy in force, and propose the change again against it."


class PolicyChangeClosed(Conflict):
    """The change was decided, is over, or another took its place."""

    code = "POLICY_CHANGE_CLOSED"
    remedy = "Propose the text again if it is still wanted."


class TimeMachineBusy(AppError):
    """Recorded days are being judged again for others already, and some of them wait."""

    code = "TIME_MACHINE_BUSY"
    status = 429
    remedy = "Wait as long as Retry-After says, or use 'sigmatrader policy check' at the machine."


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A text for an account; `from_hash` is the policy it was written against, if that was said.

    `change_id` is given by a caller who may have to ask twice.
    """

    account_id: str
    text: str
    from_hash: str | None = None
    comment: str | None = None
    activate: bool = False
    change_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyPage:
    """One policy as people read it; `text` is None where it cannot be written any more."""

    record: PolicyRecord
    text: str | None
    findings: tuple[Finding, ...]
    in_force: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CheckedText:
    """What a text means, what the linter says of it, and what it changes."""

    policy: Policy
    findings: tuple[Finding, ...]
    differences: tuple[FieldChange, ...]
    from_hash: str


class PolicyDesk:
    """Reads, proposes and decides on the policies of accounts."""

    def __init__(
        self, *, database: Database, brokers: Brokers, clock: Clock, ids: IdFactory
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._clock = clock
        self._ids = ids
        self._time_machine = asyncio.Lock()
        self._waiting = 0

    @asynccontextmanager
    async def time_machine_turn(self) -> AsyncIterator[None]:
        """Wait for the one time machine of this process. Raises TimeMachineBusy for a long line."""
        if self._waiting >= MOST_WAITING:
            raise TimeMachineBusy(f"{self._waiting} others wait to judge recorded days again")
        self._waiting += 1
        try:
            await self._time_machine.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._time_machine.release()

    async def pages(self, tenant_id: str, *, limit: int, offset: int) -> list[PolicyPage]:
        """List policies, newest first, without their text and findings."""
        async with self._database.tenant(tenant_id) as session:
            found = await policies.list_policies(session, limit=limit, offset=offset)
            known = await accounts.list_accounts(session)
        return [
            PolicyPage(record=record, text=None, findings=(), in_force=_under(record, known))
            for record in found
        ]

    async def page(self, tenant_id: str, wanted: str) -> PolicyPage:
        """Return a policy by its hash, or by the beginning of it. Raises NotFound."""
        async with self._database.tenant(tenant_id) as session:
            found = await policies.find_policies(session, wanted)
            if not found or len(wanted) < SHORTEST_PREFIX:
                raise NotFound(f"there is no policy {wanted}")
            if len(found) > 1:
                raise InvalidRequest(
                    f"several policies begin with {wanted}", remedy="Give more of the hash."
                )
            text = await policies.written_text(session, found[0].policy_hash)
            known = await accounts.list_accounts(session)
        policy = readable(found[0])
        return PolicyPage(
            record=found[0],
            text=text if _means(text, found[0].policy_hash) else _as_text(policy),
            findings=() if policy is None else lint(policy),
            in_force=_under(found[0], known),
        )

    async def current(self, tenant_id: str, account_id: str) -> PolicyPage:
        """Return the policy that the account is under."""
        async with self._database.tenant(tenant_id) as session:
            account = await _require_account(session, account_id)
        return await self.page(tenant_id, account.policy_hash)

    async def changes(
        self, tenant_id: str, *, account_id: str | None, limit: int, offset: int
    ) -> list[ChangeRecord]:
        """List changes, newest first, with the status they have now."""
        now = self._clock.now()
        async with self._database.tenant(tenant_id) as session:
            found = await policies.list_changes(
                session, account_id=account_id, limit=limit, offset=offset
            )
            known = await accounts.list_accounts(session)
        in_force = {account.account_id: account.policy_hash for account in known}
        return [as_of_now(one, in_force=in_force[one.account_id], now=now) for one in found]

    async def change(self, tenant_id: str, change_id: str) -> ChangeRecord:
        """Return one change with the status it has now. Raises NotFound."""
        async with self._database.tenant(tenant_id) as session:
            found = await _require_change(session, change_id)
            account = await _require_account(session, found.account_id)
        return as_of_now(found, in_force=account.policy_hash, now=self._clock.now())

    async def check(self, tenant_id: str, account_id: str, text: str) -> CheckedText:
        """Say what a text means beside the policy in force; changes nothing."""
        policy, findings = await asyncio.to_thread(read_text, text)
        async with self._database.tenant(tenant_id) as session:
            account = await _require_account(session, account_id)
            old = await _in_force(session, account)
        return CheckedText(
            policy=policy,
            findings=findings,
            differences=() if old is None else differences(old, policy),
            from_hash=account.policy_hash,
        )

    async def propose(self, by: Principal, proposal: Proposal) -> ChangeRecord:
        """Store a change that waits for an approval, or with `activate` put it in force at once.

        Raises PolicyRefused, PolicyUnchanged, PolicyStale, PolicyMonitorLive, and Forbidden where
        who asks to activate may not, and for the operator where two people are asked for; then
        nothing is stored.
        """
        _refuse_stranger(by)
        policy, findings = await asyncio.to_thread(read_text, proposal.text)
        now = self._clock.now()
        async with self._database.tenant(by.tenant_id) as session:
            await accounts.lock_account(session, proposal.account_id)
            account = await _require_account(session, proposal.account_id)
            if proposal.change_id is not None:
                known = await policies.find_change(session, proposal.change_id)
                if known is not None:
                    return known
            _refuse_stale(proposal.from_hash or account.policy_hash, account)
            if policy.policy_hash == account.policy_hash:
                raise PolicyUnchanged(f"policy {policy.policy_hash} is in force already")
            self._refuse_monitor(by.tenant_id, account.account_id, policy)
            four_eyes = await _four_eyes(session, account)
            _refuse_operator(by.user_id, four_eyes=four_eyes)
            if proposal.activate:
                refuse_approver(by, proposed_by=by.user_id, four_eyes=four_eyes)
            old = await _in_force(session, account)
            change = ChangeRecord(
                change_id=proposal.change_id or self._ids.new("chg"),
                account_id=account.account_id,
                from_hash=account.policy_hash,
                to_hash=policy.policy_hash,
                text=proposal.text,
                findings=[finding._asdict() for finding in findings],
                differences=[
                    one.model_dump(mode="json")
                    for one in (() if old is None else differences(old, policy))
                ],
                status=ChangeStatus.PROPOSED,
                comment=proposal.comment,
                proposed_by=by.user_id,
                proposed_at=now,
                expires_at=now + OPEN_FOR,
                decided_by=None,
                decision_comment=None,
                decided_at=None,
            )
            await accounts.add_policy(
                session,
                policy_hash=policy.policy_hash,
                body=canonical_json(policy),
                created_by=by.user_id,
                at=now,
            )
            await policies.add_change(session, change)
            await append(session, _entry("policy.propose", by, change), at=now)
            if proposal.activate:
                return await self._activate(session, by, change, comment=None, at=now)
        return change

    async def approve(self, by: Principal, change_id: str, *, comment: str | None) -> ChangeRecord:
        """Put a proposed change in force; approving it again returns what the first did.

        Raises Forbidden for who may not, PolicyStale when another policy is in force by now, and
        PolicyChangeClosed for a change that waits no more.
        """
        now = self._clock.now()
        async with self._database.tenant(by.tenant_id) as session:
            change, account = await _held(session, change_id)
            if change.status is ChangeStatus.ACTIVE and change.decided_by == by.user_id:
                return change
            refuse_machine(by)
            if change.status in {ChangeStatus.PROPOSED, ChangeStatus.SUPERSEDED}:
                _refuse_stale(change.from_hash, account)
            _refuse_closed(as_of_now(change, in_force=account.policy_hash, now=now))
            refuse_approver(
                by,
                proposed_by=change.proposed_by,
                four_eyes=await _four_eyes(session, account),
            )
            policy = await account_policy(session, replace(account, policy_hash=change.to_hash))
            self._refuse_monitor(by.tenant_id, account.account_id, policy)
            return await self._activate(session, by, change, comment=comment, at=now)

    async def reject(self, by: Principal, change_id: str, *, comment: str | None) -> ChangeRecord:
        """Reject or withdraw a proposed change for good; rejecting it again changes nothing."""
        _refuse_stranger(by)
        now = self._clock.now()
        async with self._database.tenant(by.tenant_id) as session:
            change, account = await _held(session, change_id)
            if change.proposed_by != by.user_id:
                refuse_approver(by, proposed_by=change.proposed_by, four_eyes=False)
            if change.status is ChangeStatus.REJECTED:
                return change
            _refuse_closed(as_of_now(change, in_force=account.policy_hash, now=now))
            await _decide(session, by, change, ChangeStatus.REJECTED, comment, now)
            await append(session, _entry("policy.reject", by, change, comment), at=now)
            return await _require_change(session, change_id)

    async def _activate(
        self,
        session: Session,
        by: Principal,
        change: ChangeRecord,
        *,
        comment: str | None,
        at: datetime,
    ) -> ChangeRecord:
        """Put a change in force, while the account is held."""
        moved = await policies.set_account_policy(
            session,
            account_id=change.account_id,
            from_hash=change.from_hash,
            to_hash=change.to_hash,
        )
        if not moved:
            raise PolicyStale(f"policy {change.from_hash} is not in force any more")
        ended = await policies.supersede_others(
            session, account_id=change.account_id, change_id=change.change_id
        )
        await _decide(session, by, change, ChangeStatus.ACTIVE, comment, at)
        entry = _entry("policy.activate", by, change, comment)
        more: dict[str, JsonValue] = {"approved_by": by.user_id, "superseded": [*ended]}
        await append(session, replace(entry, body={**entry.body, **more}), at=at)
        return await _require_change(session, change.change_id)

    def _refuse_monitor(self, tenant_id: str, account_id: str, policy: Policy) -> None:
        broker = self._brokers.for_account(tenant_id, account_id)
        refuse_monitoring(policy, account_id, live=broker.capabilities.mode is ExecutionMode.LIVE)


def read_text(text: str) -> tuple[Policy, tuple[Finding, ...]]:
    """Read a policy as a person wrote it. Raises PolicyRefused with every fault."""
    try:
        return parse_policy(text), lint_text(text)
    except PolicyInvalid as bad:
        first, more = bad.faults[0], len(bad.faults) - 1
        raise PolicyRefused(
            f"{first}" + (f", and {more} more" if more else ""),
            errors=tuple(
                FieldError(fault.path, fault.message, remedy=fault.remedy, line=fault.line)
                for fault in bad.faults
            ),
        ) from bad


def readable(record: PolicyRecord) -> Policy | None:
    """Return a stored policy, None for one that this release has no words for."""
    try:
        return Policy.model_validate(record.body)
    except ValidationError:
        return None


def as_of_now(change: ChangeRecord, *, in_force: str, now: datetime) -> ChangeRecord:
    """Return a change with the status that time, and the policy in force, have given it."""
    if change.status is ChangeStatus.ACTIVE and change.to_hash != in_force:
        return replace(change, status=ChangeStatus.SUPERSEDED)
    if change.status is not ChangeStatus.PROPOSED:
        return change
    if change.from_hash != in_force:
        return replace(change, status=ChangeStatus.SUPERSEDED)
    if now >= change.expires_at:
        return replace(change, status=ChangeStatus.EXPIRED)
    return change


def _refuse_stranger(by: Principal) -> None:
    if not by.may(Permission.PROPOSE_POLICY):
        raise Forbidden("changing a policy needs the role risk_admin or admin")


def refuse_machine(by: Principal) -> None:
    """Raise Forbidden for a service key: a program never changes what it is judged by."""
    if Role.SERVICE in by.roles:
        raise Forbidden(
            "a service key cannot approve a policy",
            code="APPROVER_NOT_A_PERSON",
            remedy="Approve as a person with the role risk_admin.",
        )


def refuse_approver(by: Principal, *, proposed_by: str, four_eyes: bool) -> None:
    """Raise Forbidden unless this person may decide on a change that someone proposed."""
    refuse_machine(by)
    if not by.may(Permission.ACTIVATE_POLICY):
        raise Forbidden(
            "deciding on a policy needs the role risk_admin",
            remedy="Propose it; a risk_admin decides.",
        )
    if four_eyes and by.user_id == proposed_by:
        raise Forbidden(
            "the policy in force asks for two people, and the second must be someone else",
            code="FOUR_EYES_REQUIRED",
            remedy="Propose it; another person with the role risk_admin approves it.",
        )
    for one in (by.user_id, proposed_by):
        _refuse_operator(one, four_eyes=four_eyes)


def _refuse_operator(user_id: str, *, four_eyes: bool) -> None:
    """Raise Forbidden where two people are asked for and one is the operator, who may be either."""
    if four_eyes and user_id == OPERATOR:
        raise Forbidden(
            "the policy in force asks for two people, and the operator is nobody in particular",
            code="FOUR_EYES_REQUIRED",
            remedy="Propose it, and approve it, with the keys of two people.",
        )


async def _four_eyes(session: Session, account: AccountRecord) -> bool:
    """Whether the policy in force wants a second person, read even where the rest cannot be."""
    body = await accounts.find_policy(session, account.policy_hash)
    approval = {} if body is None else body.get("approval", {})
    return approval.get("policy_change_four_eyes") is True


async def _in_force(session: Session, account: AccountRecord) -> Policy | None:
    """Return the policy in force; None where it cannot be read, which must not hold up another."""
    found = await policies.find_policies(session, account.policy_hash)
    return readable(found[0]) if found else None


async def _held(session: Session, change_id: str) -> tuple[ChangeRecord, AccountRecord]:
    """Return a change and its account, held for this transaction."""
    account_id = (await _require_change(session, change_id)).account_id
    await accounts.lock_account(session, account_id)
    return await _require_change(session, change_id), await _require_account(session, account_id)


async def _decide(
    session: Session,
    by: Principal,
    change: ChangeRecord,
    status: ChangeStatus,
    comment: str | None,
    at: datetime,
) -> None:
    won = await policies.decide_change(
        session,
        change.change_id,
        status=status,
        decided_by=by.user_id,
        comment=comment,
        at=at,
    )
    if not won:
        raise PolicyChangeClosed("somebody else decided on this change first")


async def _require_account(session: Session, account_id: str) -> AccountRecord:
    account = await accounts.find_account(session, account_id)
    if account is None:
        raise NotFound(f"there is no account {account_id}")
    return account


async def _require_change(session: Session, change_id: str) -> ChangeRecord:
    change = await policies.find_change(session, change_id)
    if change is None:
        raise NotFound(f"there is no policy change {change_id}")
    return change


def _refuse_stale(from_hash: str, account: AccountRecord) -> None:
    if from_hash != account.policy_hash:
        raise PolicyStale(
            f"the change is of policy {from_hash[:12]}, in force is {account.policy_hash[:12]}"
        )


def _refuse_closed(change: ChangeRecord) -> None:
    if change.status is not ChangeStatus.PROPOSED:
        raise PolicyChangeClosed(f"the change is {change.status}")


def _under(record: PolicyRecord, known: Sequence[AccountRecord]) -> tuple[str, ...]:
    return tuple(one.account_id for one in known if one.policy_hash == record.policy_hash)


def _means(text: str | None, policy_hash: str) -> bool:
    """Whether a text still means a policy: what it leaves out has the defaults of this release."""
    try:
        return text is not None and parse_policy(text).policy_hash == policy_hash
    except PolicyInvalid:
        return False


def _as_text(policy: Policy | None) -> str | None:
    if policy is None:
        return None
    try:
        return policy_text(policy)
    except PolicyInvalid:
        return None


def _entry(
    action: str, by: Principal, change: ChangeRecord, decision_comment: str | None = None
) -> Entry:
    loosened: list[JsonValue] = [
        one["path"] for one in change.differences if one["direction"] in {"looser", "either"}
    ]
    return Entry(
        actor=by.user_id,
        action=action,
        entity="policy_change",
        entity_id=change.change_id,
        body={
            "account_id": change.account_id,
            "from_hash": change.from_hash,
            "to_hash": change.to_hash,
            "proposed_by": change.proposed_by,
            "findings": [*sorted({str(one["code"]) for one in change.findings})],
            "loosened": loosened,
            "comment": change.comment,
            "decision_comment": decision_comment,
        },
    )
