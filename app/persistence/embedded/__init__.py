"""PostgreSQL of our own: found, started, adopted and stopped, with nothing installed."""

from app.persistence.embedded.binaries import bin_path
from app.persistence.embedded.errors import (
    BinariesMissing,
    DataMissing,
    DataOtherMajor,
    EmbeddedPostgresError,
    FolderNotOurs,
    NotDurable,
    OsUserMissing,
    SocketPathTooLong,
    StartBusy,
    StartFailed,
    StopFailed,
)
from app.persistence.embedded.provision import APP_ROLE, DATABASE, OWNER_ROLE, SUPERUSER
from app.persistence.embedded.server import EmbeddedServer, start, stop

__all__ = [
    "APP_ROLE",
    "DATABASE",
    "OWNER_ROLE",
    "SUPERUSER",
    "BinariesMissing",
    "DataMissing",
    "DataOtherMajor",
    "EmbeddedPostgresError",
    "EmbeddedServer",
    "FolderNotOurs",
    "NotDurable",
    "OsUserMissing",
    "SocketPathTooLong",
    "StartBusy",
    "StartFailed",
    "StopFailed",
    "bin_path",
    "start",
    "stop",
]
