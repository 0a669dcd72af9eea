"""Build the worker of the periodic work."""

from typing import TYPE_CHECKING

from app.errors import FieldError, SettingsInvalid
from app.persistence.location import DatabaseLocation
from app.settings import BrokerName, Settings

if TYPE_CHECKING:
    from app.jobs.worker import Worker
from app.bootstrap.container import Container


def build_worker(container: Container, location: DatabaseLocation, *, in_server: bool) -> "Worker":
    """Build the worker of a started application; nothing is started.

    Only the one `in_server` does what needs the turns under way there. Raises SettingsInvalid
    for a broker that another process cannot see.
    """
    if not in_server:
        require_shared_broker(container.settings)
    # Here and not above, for commands that start no worker need not wait for it.
    from app.jobs.parts import Parts as JobParts
    from app.jobs.rounds import rounds
    from app.jobs.worker import Worker

    return Worker(
        conninfo=location.app_conninfo,
        parts=JobParts(
            database=container.database,
            engine=container.engine,
            reconciler=container.reconciler,
            protector=container.services.protection.protector,
            conversation=container.conversation,
            clock=container.services.clock,
        ),
        rounds=rounds(reconcile_every_s=container.settings.reconcile_every_s),
        in_server=in_server,
    )


def require_shared_broker(settings: Settings) -> None:
    """Raise SettingsInvalid for a broker that lives inside the server alone."""
    if settings.broker is BrokerName.MOCK and settings.mock_url is None:
        error = FieldError(
            "SIGMATRADER_MOCK_URL",
            "the mock broker inside the server is not seen by other processes; give it a URL",
        )
        raise SettingsInvalid(f"{error.field}: {error.issue}", errors=(error,))
