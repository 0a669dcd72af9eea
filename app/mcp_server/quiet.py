"""What the library logs, without what it says: its messages name sessions and hosts of clients."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from app.telemetry import log

LIBRARY = "mcp"


class PlaceOnly(logging.Handler):
    """Logs where in the library something was said, and the kind of error, never the words."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        log.warning(
            "mcp_library",
            place=f"{record.name}.{record.funcName}",
            level_said=record.levelname,
            error=None if error is None else error.__name__,
        )


@contextmanager
def library_is_quiet() -> Iterator[None]:
    """Take the library's warnings and errors while the server runs."""
    library, handler = logging.getLogger(LIBRARY), PlaceOnly(logging.WARNING)
    propagated = library.propagate
    library.addHandler(handler)
    library.propagate = False
    try:
        yield
    finally:
        library.removeHandler(handler)
        library.propagate = propagated
