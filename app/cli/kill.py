"""The kill switch, for the operator at the machine."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.errors import guarded
from app.cli.running import with_application
from app.gate.kill_switch import LevelChange, set_level
from app.identity.principal import OWNER_TENANT
from app.persistence import accounts
from app.pipeline.views import require_account
from riskgate.contracts.decisions import KillSwitchLevel

if TYPE_CHECKING:
    from app.bootstrap import Container
    from app.persistence.database import Session

app = typer.Typer(no_args_is_help=True, help="The kill switch; cancels always pass.")

Tenant = Annotated[str, typer.Option(help="Tenant.")]
Account = Annotated[str | None, typer.Option(help="One account; every one without it.")]
Reason = Annotated[str, typer.Option(help="Why; it is audited.")]
OPERATOR = "operator"


@app.command("on")
@guarded
def turn_on(
    reason: Reason,
    reduce_only: Annotated[
        bool, typer.Option("--reduce-only", help="Let orders pass that lower exposure.")
    ] = False,
    account: Account = None,
    tenant: Tenant = OWNER_TENANT,
) -> None:
    """Stop orders at once: HALTED, or REDUCE_ONLY."""
    level = KillSwitchLevel.REDUCE_ONLY if reduce_only else KillSwitchLevel.HALTED
    _set(tenant, account, level, reason)


@app.command("off")
@guarded
def turn_off(reason: Reason, account: Account = None, tenant: Tenant = OWNER_TENANT) -> None:
    """Let orders run again."""
    _set(tenant, account, KillSwitchLevel.RUNNING, reason)


@app.command()
@guarded
def status(tenant: Tenant = OWNER_TENANT) -> None:
    """Show every account's switch."""

    async def work(container: "Container") -> list[str]:
        async with container.database.tenant(tenant) as session:
            found = await accounts.list_accounts(session)
            switches = [await accounts.kill_switch(session, one.account_id) for one in found]
        return [
            f"{one.account_id}  {switch.level.value}  {switch.reason}"
            for one, switch in zip(found, switches, strict=True)
        ]

    for line in with_application(work):
        typer.echo(line)


async def _wanted(session: "Session", account: str | None) -> list[str]:
    if account is not None:
        return [(await require_account(session, account)).account_id]
    return [one.account_id for one in await accounts.list_accounts(session)]


def _set(tenant: str, account: str | None, level: KillSwitchLevel, reason: str) -> None:
    async def work(container: "Container") -> list[str]:
        async with container.database.tenant(tenant) as session:
            wanted = await _wanted(session, account)
            await accounts.lock_accounts(session, wanted)
            for account_id in wanted:
                change = LevelChange(
                    account_id=account_id, level=level, reason=reason, by=OPERATOR, may_loosen=True
                )
                await set_level(session, change, at=container.services.clock.now())
        return wanted

    for account_id in with_application(work):
        typer.echo(f"{account_id}  {level.value}")
