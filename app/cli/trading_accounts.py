"""Trading accounts and what may happen in them."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from app.audit.log import Entry, append
from app.cli.errors import guarded
from app.cli.running import with_application
from app.gate.history import PeakReset, reset_peak
from app.identity.principal import OWNER_TENANT
from app.persistence import accounts
from app.persistence.equity import EquityRecord
from app.pipeline.views import require_account
from riskgate.contracts.base import time_text

if TYPE_CHECKING:
    from app.bootstrap import Container

app = typer.Typer(no_args_is_help=True, help="Trading accounts.")

Tenant = Annotated[str, typer.Option(help="Tenant.")]
OPERATOR = "operator"


class Mode(StrEnum):
    """OBSERVE takes no trades; PROPOSE asks a person for each plan; EXECUTE takes the person's own
    explicit word for it, below the policy's first threshold."""

    OBSERVE = "OBSERVE"
    PROPOSE = "PROPOSE"
    EXECUTE = "EXECUTE"


@app.command("list")
@guarded
def list_accounts(tenant: Tenant = OWNER_TENANT) -> None:
    """List accounts with broker, mode and currency."""

    async def work(container: "Container") -> list[accounts.AccountRecord]:
        async with container.database.tenant(tenant) as session:
            return await accounts.list_accounts(session)

    for account in with_application(work):
        default = "  default" if account.is_default else ""
        typer.echo(
            f"{account.account_id}  {account.broker}  {account.mode}  {account.currency}{default}"
        )


@app.command("mode")
@guarded
def set_mode(account_id: str, mode: Mode, tenant: Tenant = OWNER_TENANT) -> None:
    """Say whether an account only observes, proposes plans, or executes on its person's word."""

    async def work(container: "Container") -> None:
        async with container.database.tenant(tenant) as session:
            await require_account(session, account_id)
            await accounts.lock_account(session, account_id)
            account = await require_account(session, account_id)
            await accounts.set_mode(session, account_id=account_id, mode=mode.value)
            entry = Entry(
                actor=OPERATOR,
                action="account.mode_set",
                entity="account",
                entity_id=account_id,
                body={"from": account.mode, "to": mode.value},
            )
            await append(session, entry, at=container.services.clock.now())

    with_application(work, at_broker=True)
    typer.echo(f"{account_id}  {mode.value}")


@app.command("reset-peak")
@guarded
def reset_highest_equity(
    account_id: str,
    reason: Annotated[str, typer.Option(help="Why; it is audited.")],
    tenant: Tenant = OWNER_TENANT,
) -> None:
    """Measure the drawdown from the equity known last: after money was paid out, or a review."""

    async def work(container: "Container") -> EquityRecord:
        reset = PeakReset(account_id=account_id, reason=reason, by=OPERATOR, may_reset=True)
        async with container.database.tenant(tenant) as session:
            await require_account(session, account_id)
            await accounts.lock_account(session, account_id)
            return await reset_peak(session, reset, at=container.services.clock.now())

    record = with_application(work, at_broker=True)
    typer.echo(
        f"{account_id}  highest equity {record.peak:f}, as of {time_text(record.last_equity_at)}"
    )
