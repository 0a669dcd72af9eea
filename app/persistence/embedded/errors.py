"""What can go wrong with the embedded PostgreSQL, each with a code and what to do."""

from app.errors import Unavailable


class EmbeddedPostgresError(Unavailable):
    """The store cannot be had; the text of the error holds code, cause and remedy."""

    code = "PG_EMBEDDED"

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(what, remedy=remedy)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}; {self.remedy}"


class BinariesMissing(EmbeddedPostgresError):
    """No usable PostgreSQL programs were found."""

    code = "PG_BINARIES_MISSING"


class OsUserMissing(EmbeddedPostgresError):
    """The system knows no name for the user the server has to run as."""

    code = "PG_OS_USER_MISSING"


class FolderNotOurs(EmbeddedPostgresError):
    """A folder belongs to somebody else, is a link, or can be written by others."""

    code = "PG_FOLDER_NOT_OURS"


class DataMissing(EmbeddedPostgresError):
    """The data folder that was used before is gone or is not a data folder."""

    code = "PG_DATA_MISSING"


class DataOtherMajor(EmbeddedPostgresError):
    """The data folder was written by another major version of PostgreSQL."""

    code = "PG_DATA_OTHER_MAJOR"


class SocketPathTooLong(EmbeddedPostgresError):
    """No folder is short enough for a unix socket."""

    code = "PG_SOCKET_PATH_TOO_LONG"


class StartBusy(EmbeddedPostgresError):
    """Another process kept starting or stopping the same home for too long."""

    code = "PG_START_BUSY"


class StartFailed(EmbeddedPostgresError):
    """The server did not come up; the message ends with the tail of its log."""

    code = "PG_START_FAILED"


class NotDurable(EmbeddedPostgresError):
    """A running server has a setting that could lose a committed order."""

    code = "PG_NOT_DURABLE"


class StopFailed(EmbeddedPostgresError):
    """The server was still there after a fast and an immediate shutdown."""

    code = "PG_STOP_FAILED"
