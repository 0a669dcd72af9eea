"""Say that a person has seen an exception."""

from datetime import datetime

from app.audit.log import Entry, append
from app.errors import Conflict, NotFound
from app.persistence import exceptions
from app.persistence.database import Session
from app.persistence.exceptions import ExceptionRecord


async def acknowledge(
    session: Session, exception_id: str, *, by: str, at: datetime
) -> ExceptionRecord:
    """Note who has seen an open exception. Raises NotFound, and Conflict when it is not open."""
    found = await exceptions.find_exception(session, exception_id)
    if found is None:
        raise NotFound(f"there is no exception {exception_id}")
    if not await exceptions.acknowledge(session, exception_id=exception_id, by=by):
        raise Conflict(f"the exception is {found.status} already")
    entry = Entry(
        actor=by,
        action="exception.acknowledged",
        entity="exception",
        entity_id=exception_id,
        body={"key": found.key},
    )
    await append(session, entry, at=at)
    return await exceptions.find_exception(session, exception_id) or found
