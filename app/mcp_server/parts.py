"""What the MCP server uses of the application."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.ports import Clock, IdFactory
from app.conversation.service import Conversation
from app.identity.rate_limit import RateLimiter
from app.identity.service import Identity
from app.persistence.database import Database
from app.pipeline.views import AccountViews
from tools.offers import AnyOffer
from tools.ports import InsightReader, InstrumentDirectory, RecordReader


@dataclass(frozen=True, kw_only=True)
class McpParts:
    """The services behind the tools; `page_url` is where people decide on cards."""

    database: Database
    clock: Clock
    ids: IdFactory
    microseconds: Callable[[], int]
    identity: Identity
    limiter: RateLimiter
    directory: InstrumentDirectory
    views: AccountViews
    insights: InsightReader
    records: RecordReader
    conversation: Conversation
    offers: tuple[AnyOffer, ...]
    page_url: str
