"""Log an account in at Kite, say how it stands, and log it out, for the operator at the machine."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from adapters.ports import LoginLink, LoginState
from app.audit.log import Entry, append
from app.cli.errors import guarded
from app.cli.running import with_application
from app.cli.text import clock, json_text, safe
from app.connections.service import Connection, Connections
from app.connections.views import show_connection, show_link
from app.connections.wording import say, told_hindrances
from app.errors import NotFound, Unavailable
from app.identity.principal import OWNER_TENANT
from app.persistence import accounts
from app.persistence.logins import PostgresLoginVault

if TYPE_CHECKING:
    from app.bootstrap import Container

app = typer.Typer(no_args_is_help=True, help="The login of an account at Kite.")

Account = Annotated[str | None, typer.Option(help="Account; the default one without it.")]
Tenant = Annotated[str, typer.Option(help="Tenant.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
OPERATOR: Final = "operator"
ASK_EVERY_S: Final = 3.0
NOT_LOGGED_IN: Final = 1
notes = Console(stderr=True)


@app.command()
@guarded
def login(
    account: Account = None,
    wait_s: Annotated[
        int, typer.Option(min=0, max=1_800, help="How long to wait for the login; 0 does not.")
    ] = 300,
    tenant: Tenant = OWNER_TENANT,
    as_json: AsJson = False,
) -> None:
    """Print a link to Kite's login page and wait until you are logged in; exit 1 if you are not."""

    async def work(container: "Container") -> Connection:
        connections, wanted = await _of(container, tenant, account)
        link, found = await connections.begin(tenant, wanted, by=OPERATOR)
        if link is None:
            return found
        _print_link(link, found, as_json=as_json)
        now = container.services.clock.now
        ends_at = min(link.expires_at, now() + timedelta(seconds=wait_s))
        with notes.status(f"Waiting for your login until {clock(ends_at.isoformat())} ..."):
            while found.status.state is not LoginState.ACTIVE and now() < ends_at:
                await asyncio.sleep(ASK_EVERY_S)
                found = await _look(connections, tenant, found)
        return found

    _finish(with_application(work, at_broker=True), as_json=as_json)


@app.command()
@guarded
def status(
    account: Account = None,
    probe: Annotated[
        bool, typer.Option("--probe/--known", help="Ask Kite, or tell what is known.")
    ] = True,
    tenant: Tenant = OWNER_TENANT,
    as_json: AsJson = False,
) -> None:
    """Say how the login stands; exit 1 when nobody is logged in."""

    async def work(container: "Container") -> Connection:
        connections, wanted = await _of(container, tenant, account)
        return await connections.status(tenant, wanted, by=OPERATOR, probe=probe)

    _finish(with_application(work, at_broker=True), as_json=as_json)


@app.command()
@guarded
def logout(account: Account = None, tenant: Tenant = OWNER_TENANT, as_json: AsJson = False) -> None:
    """Log out at Kite and forget the session; orders and positions there stay as they are."""

    async def work(container: "Container") -> Connection:
        connections, wanted = await _of(container, tenant, account)
        return await connections.end(tenant, wanted, by=OPERATOR)

    _print(with_application(work, at_broker=True), as_json=as_json)


@app.command()
@guarded
def forget(account: Account = None, tenant: Tenant = OWNER_TENANT) -> None:
    """Forget a kept login without asking Kite, such as one that no longer opens."""
    from app.bootstrap import seal_secret

    async def work(container: "Container") -> tuple[str, bool]:
        _connections, wanted = await _of(container, tenant, account)
        vault = PostgresLoginVault(
            container.database, tenant, secret=seal_secret(container.settings.home)
        )
        forgotten = await vault.forget(wanted)
        if forgotten:
            await _note_forgotten(container, tenant, wanted)
        return wanted, forgotten

    wanted, forgotten = with_application(work)
    typer.echo(f"{wanted}  {'forgotten' if forgotten else 'nothing was kept'}")


async def _note_forgotten(container: "Container", tenant: str, account_id: str) -> None:
    entry = Entry(
        actor=OPERATOR,
        action="connection.login_forgotten",
        entity="connection",
        entity_id=account_id,
        body={"state": LoginState.NEW.value},
    )
    async with container.database.tenant(tenant) as session:
        await append(session, entry, at=container.services.clock.now())


async def _look(connections: Connections, tenant: str, before: Connection) -> Connection:
    """Ask once more; an answer that does not come is waited for."""
    try:
        return await connections.status(tenant, before.account_id, by=OPERATOR, probe=True)
    except Unavailable as missed:
        notes.print(Text(f"{missed.code}: {missed.message}"))
        return before


async def _of(container: "Container", tenant: str, account: str | None) -> tuple[Connections, str]:
    connections = container.services.connections
    if account is not None:
        return connections, account
    async with container.database.tenant(tenant) as session:
        found = await accounts.list_accounts(session)
    if not found:
        raise NotFound("there is no account")
    return connections, found[0].account_id


def _print_link(link: LoginLink, found: Connection, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json_text({**show_connection(found), "link": show_link(link)}))
        return
    typer.echo(f"Open this page and log in at Kite (until {clock(link.expires_at.isoformat())}):")
    typer.echo(f"\n  {safe(link.url)}\n")
    typer.echo(safe(link.warning))


def _finish(found: Connection, *, as_json: bool) -> None:
    _print(found, as_json=as_json)
    if found.status.state is not LoginState.ACTIVE:
        raise typer.Exit(NOT_LOGGED_IN)


def _print(found: Connection, *, as_json: bool) -> None:
    shown = show_connection(found)
    if as_json:
        typer.echo(json_text(shown))
        return
    said = say(found.status)
    typer.echo(f"{found.account_id}  {found.status.state.value}  {safe(said.headline)}")
    for text in (*told_hindrances(found.status), said.advice):
        if text:
            typer.echo(f"  {safe(text)}")
