"""Policies at the command line: read, check, propose, approve, and judge recorded days again.

Whoever's key is in SIGMATRADER_API_KEY acts; without one it is the operator at the machine, who
is neither of two people.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.progress import Progress
from rich.text import Text

from app.cli import policy_view
from app.cli.errors import FAILED, USAGE, guarded
from app.cli.running import with_application
from app.cli.text import json_text, safe
from app.errors import AppError, Conflict, InvalidRequest, NotFound
from app.identity.principal import OWNER_TENANT, Principal, Role

if TYPE_CHECKING:
    from app.bootstrap import Container
    from app.gate.time_machine import TimeMachineReport
    from app.persistence.policies import ChangeRecord

app = typer.Typer(no_args_is_help=True, help="Policies: what an account may do.")

KEY_VARIABLE = "SIGMATRADER_API_KEY"
File = Annotated[Path, typer.Argument(help="A policy, YAML or JSON.")]
Tenant = Annotated[str, typer.Option(help="Tenant, for the operator.")]
Account = Annotated[str | None, typer.Option(help="Account; the default one without it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Comment = Annotated[str | None, typer.Option(help="Why; it is kept.")]
FromDay = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First UTC day.")
]
ToDay = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last UTC day; today.")
]
Hash = Annotated[str | None, typer.Argument(help="Its hash, or how it begins; in force without.")]
out, notes = Console(), Console(stderr=True)


@app.command()
@guarded
def show(
    policy_hash: Hash = None,
    account: Account = None,
    tenant: Tenant = OWNER_TENANT,
    as_json: AsJson = False,
) -> None:
    """Show a policy: its text, and what the linter says of it."""
    page = _page(policy_hash, account, tenant)
    if as_json:
        typer.echo(json_text(page))
        return
    in_force = ", ".join(page["accounts"])
    out.print(
        Text(f"policy {page['policy_hash']}" + (f", in force for {in_force}" * bool(in_force)))
    )
    out.print(Text(page["text"] or "This release has no words for it.", style="cyan"))
    out.print(policy_view.render_findings(page["findings"]))


@app.command("list")
@guarded
def list_policies(
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    tenant: Tenant = OWNER_TENANT,
    as_json: AsJson = False,
) -> None:
    """List stored policies, newest first."""

    async def work(container: "Container") -> list[dict[str, Any]]:
        from app.gate.policy_views import show_row

        who = await _who(container, tenant)
        desk = container.services.policies
        return [show_row(one) for one in await desk.pages(who.tenant_id, limit=limit, offset=0)]

    _print(with_application(work, at_broker=True), policy_view.render_policies, as_json=as_json)


@app.command()
@guarded
def changes(
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    account: Account = None,
    tenant: Tenant = OWNER_TENANT,
    as_json: AsJson = False,
) -> None:
    """List proposed and decided changes, newest first."""

    async def work(container: "Container") -> list[dict[str, Any]]:
        who = await _who(container, tenant)
        found = await container.services.policies.changes(
            who.tenant_id, account_id=account, limit=limit, offset=0
        )
        return [_shown(one) for one in found]

    _print(with_application(work, at_broker=True), policy_view.render_changes, as_json=as_json)


@app.command()
@guarded
def export(
    policy_hash: Hash = None,
    output: Annotated[Path | None, typer.Option(help="File to write; standard output.")] = None,
    account: Account = None,
    tenant: Tenant = OWNER_TENANT,
) -> None:
    """Write a policy's text, to be edited and proposed again."""
    page = _page(policy_hash, account, tenant)
    if page["text"] is None:
        raise NotFound("this release has no words for the policy", remedy="Write a new one.")
    if output is None:
        typer.echo(page["text"], nl=not page["text"].endswith("\n"))
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(page["text"])
    except FileExistsError as taken:
        raise Conflict(f"{output} exists already", remedy="Choose another name.") from taken


@app.command("lint")
@guarded
def lint_file(file: File, as_json: AsJson = False) -> None:
    """Look for what is allowed and not meant; exit 1 with findings, 2 where it is no policy."""
    from app.gate.policies import read_text as read_policy

    with _faults(as_json=as_json):
        _policy, findings = read_policy(_text_of(file))
    rows = [finding._asdict() for finding in findings]
    _print(rows, policy_view.render_findings, as_json=as_json)
    if rows:
        raise typer.Exit(FAILED)


@app.command()
@guarded
def check(
    file: File,
    from_day: FromDay = None,
    to_day: ToDay = None,
    account: Account = None,
    tenant: Tenant = OWNER_TENANT,
    as_json: AsJson = False,
) -> None:
    """Say what a file would change, and judge recorded days again by it; changes nothing."""
    text = _text_of(file)

    async def work(container: "Container") -> dict[str, Any]:
        from app.gate.policy_views import show_checked

        who = await _who(container, tenant)
        wanted = account or await _default_account(container, who)
        checked = await container.services.policies.check(who.tenant_id, wanted, text)
        report = await _replayed(container, who, wanted, text, _date(from_day), _date(to_day))
        return {**show_checked(checked), "replay": report.model_dump(mode="json")}

    with _faults(as_json=as_json):
        found = with_application(work, at_broker=True)
    _print(found, policy_view.render_check, as_json=as_json)


@app.command()
@guarded
def propose(
    file: File,
    activate: Annotated[
        bool, typer.Option("--activate", help="Put it in force at once, as one person.")
    ] = False,
    comment: Comment = None,
    account: Account = None,
    tenant: Tenant = OWNER_TENANT,
    as_json: AsJson = False,
) -> None:
    """Propose a file as an account's policy; it waits for an approval, or not with --activate."""
    text = _text_of(file)

    async def work(container: "Container") -> dict[str, Any]:
        from app.gate.policies import Proposal

        who = await _who(container, tenant)
        proposal = Proposal(
            account_id=account or await _default_account(container, who),
            text=text,
            comment=comment,
            activate=activate,
        )
        return _shown(await container.services.policies.propose(who, proposal))

    with _faults(as_json=as_json):
        found = with_application(work, at_broker=True)
    _print(found, policy_view.render_change, as_json=as_json)


@app.command()
@guarded
def approve(
    change_id: str, comment: Comment = None, tenant: Tenant = OWNER_TENANT, as_json: AsJson = False
) -> None:
    """Put a proposed change in force; a running server judges by it from the next order on."""

    async def work(container: "Container") -> dict[str, Any]:
        who = await _who(container, tenant)
        return _shown(await container.services.policies.approve(who, change_id, comment=comment))

    _print(with_application(work, at_broker=True), policy_view.render_change, as_json=as_json)


@app.command()
@guarded
def reject(
    change_id: str, comment: Comment = None, tenant: Tenant = OWNER_TENANT, as_json: AsJson = False
) -> None:
    """Reject a proposed change for good."""

    async def work(container: "Container") -> dict[str, Any]:
        who = await _who(container, tenant)
        return _shown(await container.services.policies.reject(who, change_id, comment=comment))

    _print(with_application(work, at_broker=True), policy_view.render_change, as_json=as_json)


def replay_recorded(
    policy_text: str,
    from_day: date | None,
    to_day: date | None,
    *,
    account: str | None = None,
    tenant: str = OWNER_TENANT,
) -> "TimeMachineReport":
    """Judge the recorded proposals of an account again under a policy's text; changes nothing.

    `policy_view.render_replay(report.model_dump(mode="json"))` draws it. Raises PolicyRefused.
    """

    async def work(container: "Container") -> "TimeMachineReport":
        who = await _who(container, tenant)
        wanted = account or await _default_account(container, who)
        return await _replayed(container, who, wanted, policy_text, from_day, to_day)

    return with_application(work, at_broker=True)


@guarded
def print_replay(
    file: Path,
    from_day: date | None,
    to_day: date | None,
    *,
    account: str | None = None,
    tenant: str = OWNER_TENANT,
    as_json: bool = False,
) -> None:
    """Print what recorded days would have been under a policy's file; exit 2 for a wrong one."""
    with _faults(as_json=as_json):
        report = replay_recorded(_text_of(file), from_day, to_day, account=account, tenant=tenant)
    _print(report.model_dump(mode="json"), policy_view.render_replay, as_json=as_json)


async def _replayed(
    container: "Container",
    who: Principal,
    account_id: str,
    text: str,
    from_day: date | None,
    to_day: date | None,
) -> "TimeMachineReport":
    from app.gate.policies import read_text as read_policy
    from app.gate.time_machine import days_between
    from app.gate.time_machine import replay_recorded as replay

    policy, _findings = read_policy(text)
    days = days_between(from_day, to_day, today=container.services.clock.now().date())
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task("judging again", total=None)
        return await replay(
            container.database,
            who.tenant_id,
            account_id,
            policy,
            days,
            progress=lambda done, all_: bar.update(task, completed=done, total=all_),
        )


async def _who(container: "Container", tenant: str) -> Principal:
    """Return whose key the environment has, else the operator."""
    from app.gate.policies import OPERATOR

    key = os.environ.get(KEY_VARIABLE)
    if key:
        return await container.identity.authenticate(key)
    roles = frozenset({Role.RISK_ADMIN})
    return Principal(tenant_id=tenant, user_id=OPERATOR, name=OPERATOR, roles=roles)


async def _default_account(container: "Container", who: Principal) -> str:
    found = await container.account_ids(who.tenant_id)
    if not found:
        raise NotFound("there is no account")
    return found[0]


def _page(policy_hash: str | None, account: str | None, tenant: str) -> dict[str, Any]:
    async def work(container: "Container") -> dict[str, Any]:
        from app.gate.policy_views import show_page

        who = await _who(container, tenant)
        desk = container.services.policies
        if policy_hash is not None:
            return show_page(await desk.page(who.tenant_id, policy_hash))
        wanted = account or await _default_account(container, who)
        return show_page(await desk.current(who.tenant_id, wanted))

    return with_application(work, at_broker=True)


def _shown(change: "ChangeRecord") -> dict[str, Any]:
    from app.gate.policy_views import show_change

    return show_change(change)


@contextmanager
def _faults(*, as_json: bool) -> Iterator[None]:
    """Show every fault of a text on a line of its own, and exit 2."""
    try:
        yield
    except AppError as error:
        if error.code != "POLICY_INVALID":
            raise
        rows = [vars(fault) for fault in error.errors]
        if as_json:
            typer.echo(json_text({"ok": False, "code": error.code, "errors": rows}))
        for row in [] if as_json else rows:
            line = "" if row["line"] is None else f" (line {row['line']})"
            fault = f"{row['field']}{line}: {row['issue']}; {row['remedy']}"
            notes.print(Text(safe(fault)), soft_wrap=True)
        raise typer.Exit(USAGE) from error


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise InvalidRequest(f"{file} cannot be read: {fault.strerror or fault}") from fault
    except UnicodeDecodeError as fault:
        raise InvalidRequest(f"{file} is not UTF-8", remedy="Write it as UTF-8.") from fault


def _date(day: datetime | None) -> date | None:
    return None if day is None else day.date()


def _print(found: Any, render: Callable[[Any], RenderableType], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json_text(found))
    else:
        out.print(render(found))
