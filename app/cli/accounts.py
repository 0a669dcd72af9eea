"""Users and keys."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.errors import guarded
from app.cli.running import with_application
from app.errors import InvalidRequest
from app.identity.principal import OWNER_TENANT
from app.identity.service import roles_from
from app.persistence import identities
from app.settings import load_settings

if TYPE_CHECKING:
    from app.bootstrap import Container

users = typer.Typer(no_args_is_help=True, help="Users and their roles.")
keys = typer.Typer(no_args_is_help=True, help="API keys; each is shown once.")

Tenant = Annotated[str, typer.Option(help="Tenant.")]
Issuer = Annotated[
    str | None, typer.Option(help="Who makes the tokens; the issuer of the settings by default.")
]


@users.command("create")
@guarded
def create_user(
    name: str,
    role: Annotated[list[str], typer.Option(help="A role; may be given more than once.")],
    tenant: Tenant = OWNER_TENANT,
) -> None:
    """Create a user and print a first key."""
    roles = roles_from(role)

    async def work(container: "Container") -> str:
        await container.identity.create_user(tenant, name, roles)
        return await container.identity.create_key(tenant, name)

    typer.echo(f"API key: {with_application(work, begins=True)}")


@users.command("list")
@guarded
def list_users(tenant: Tenant = OWNER_TENANT) -> None:
    """List users with their roles."""

    async def work(container: "Container") -> list[identities.UserRecord]:
        async with container.database.tenant(tenant) as session:
            return await identities.list_users(session)

    for user in with_application(work, begins=True):
        typer.echo(f"{user.user_id}  {user.name}  {','.join(sorted(user.roles))}")


@users.command("link")
@guarded
def link_user(
    name: str,
    subject: Annotated[str, typer.Option(help="The subject (sub) in the tokens.")],
    issuer: Issuer = None,
    tenant: Tenant = OWNER_TENANT,
) -> None:
    """Let an authorization server's tokens of a subject be a user's, over MCP."""
    named = _issuer(issuer)

    async def work(container: "Container") -> None:
        await container.identity.link_subject(tenant, name, issuer=named, subject=subject)

    with_application(work)
    typer.echo(f"{subject} of {named} is {name}")


@users.command("unlink")
@guarded
def unlink_user(
    subject: Annotated[str, typer.Option(help="The subject (sub) in the tokens.")],
    issuer: Issuer = None,
    tenant: Tenant = OWNER_TENANT,
) -> None:
    """Stop an authorization server's tokens of a subject from counting."""
    named = _issuer(issuer)

    async def work(container: "Container") -> None:
        await container.identity.unlink_subject(tenant, issuer=named, subject=subject)

    with_application(work)
    typer.echo("unlinked")


def _issuer(given: str | None) -> str:
    issuer = given or load_settings().oauth_issuer
    if issuer is None:
        raise InvalidRequest(
            "no issuer is named", remedy="Give --issuer, or set SIGMATRADER_OAUTH_ISSUER."
        )
    return issuer


@keys.command("create")
@guarded
def create_key(
    user: str,
    days: Annotated[int | None, typer.Option(min=1, help="Days until the key expires.")] = None,
    tenant: Tenant = OWNER_TENANT,
) -> None:
    """Make another key for a user and print it once."""

    async def work(container: "Container") -> str:
        expires_at = None
        if days is not None:
            expires_at = container.services.clock.now() + timedelta(days=days)
        return await container.identity.create_key(tenant, user, expires_at=expires_at)

    typer.echo(f"API key: {with_application(work, begins=True)}")


@keys.command("list")
@guarded
def list_keys(tenant: Tenant = OWNER_TENANT) -> None:
    """List keys by id, with their first letters and whether they still count."""

    async def work(container: "Container") -> list[identities.KeyRecord]:
        async with container.database.tenant(tenant) as session:
            return await identities.list_keys(session)

    for key in with_application(work, begins=True):
        state = "revoked" if key.revoked_at else "valid"
        until = f" until {key.expires_at:%Y-%m-%d %H:%M}" if key.expires_at else ""
        typer.echo(f"{key.key_id}  {key.user_name}  {key.prefix}...  {state}{until}")


@keys.command("revoke")
@guarded
def revoke_key(key_id: str, tenant: Tenant = OWNER_TENANT) -> None:
    """Stop a key from counting."""

    async def work(container: "Container") -> None:
        await container.identity.revoke_key(tenant, key_id)

    with_application(work, begins=True)
    typer.echo("revoked")
