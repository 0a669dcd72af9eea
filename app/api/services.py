"""The services that the routes use; the composition root builds them."""

from dataclasses import dataclass

from adapters.ports import Clock, IdFactory
from app.calendars.sessions import Calendars
from app.connections.service import Connections
from app.conversation.service import Conversation
from app.execution.engine import ExecutionEngine
from app.files.service import FileDesk
from app.gate.policies import PolicyDesk
from app.identity.rate_limit import RateLimiter
from app.identity.service import Identity
from app.persistence.database import Database
from app.pipeline.decisions import CardDecisions
from app.pipeline.executing import Executions
from app.pipeline.remedies import Remedies
from app.pipeline.validating import Validations
from app.pipeline.views import AccountViews
from app.postbacks.service import Postbacks
from app.protection.desk import ProtectionDesk
from app.reconciliation.service import Reconciler
from app.understanding.granting import Grants
from tools.ports import InsightReader, InstrumentDirectory


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the edges may call."""

    database: Database
    clock: Clock
    ids: IdFactory
    directory: InstrumentDirectory
    calendars: Calendars
    identity: Identity
    views: AccountViews
    insights: InsightReader
    decisions: CardDecisions
    validations: Validations
    executions: Executions
    policies: PolicyDesk
    engine: ExecutionEngine
    reconciler: Reconciler
    protection: ProtectionDesk
    remedies: Remedies
    postbacks: Postbacks
    connections: Connections
    grants: Grants
    files: FileDesk
    conversation: Conversation
    rate_limiter: RateLimiter
