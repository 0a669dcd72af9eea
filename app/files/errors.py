"""Why a file is not read: what was wrong with it and what to do."""

from app.errors import AppError, Conflict, Unavailable, Unprocessable
from app.files.limits import (
    CELL_CHARS_MAX,
    CELLS_MAX,
    COLUMNS_MAX,
    FILE_BYTES_MAX,
    MIB,
    ROWS_MAX,
    SHEETS_MAX,
)


class FileTooLarge(AppError):
    """The body is over the limit; nothing was read of what came after it."""

    code = "FILE_TOO_LARGE"
    status = 413
    remedy = "Keep only the rows and columns you need, or split the file."

    def __init__(self) -> None:
        super().__init__(f"the file is over {FILE_BYTES_MAX // MIB} MB")


class FileRefused(Unprocessable):
    """The content cannot be read as a table; nothing was stored."""

    code = "FILE_UNREADABLE"
    remedy = "Save it again as .csv (UTF-8) or .xlsx and attach that."


class FileEmpty(FileRefused):
    """There is no row in it."""

    code = "FILE_EMPTY"
    remedy = "Attach a file with at least one row."


class FileKindUnknown(FileRefused):
    """It is neither text in columns nor a workbook, whatever its name says."""

    code = "FILE_KIND_UNKNOWN"


class FileEncrypted(FileRefused):
    """A workbook with a password, or one in the format before .xlsx."""

    code = "FILE_ENCRYPTED"
    remedy = "Take the password off, save it as .xlsx, and attach that."


class FileTextUnreadable(FileRefused):
    """Bytes that are text in none of UTF-8, UTF-16 and Windows-1252."""

    code = "FILE_TEXT_UNREADABLE"
    remedy = "Save it as 'CSV UTF-8' and attach that."


class FileCsvBroken(FileRefused):
    """A quotation mark that does not end, or has text after it."""

    code = "FILE_CSV_BROKEN"
    remedy = "Correct the quotation marks in that row, or save the file again as .xlsx."


class FileArchiveUnsafe(FileRefused):
    """A workbook built so that reading it takes far more than its size."""

    code = "FILE_ARCHIVE_UNSAFE"
    remedy = "Open it in a spreadsheet program, save it again as .xlsx, and attach that."


class FileTooComplex(FileRefused):
    """Reading took more time or memory than a file may take."""

    code = "FILE_TOO_COMPLEX"
    remedy = "Keep only the rows and columns you need, or save the sheet as .csv."


class FileTooManyCells(FileRefused):
    """More sheets, rows, columns, cells or longer cells than are read."""

    code = "FILE_TOO_MANY_CELLS"
    remedy = (
        f"At most {SHEETS_MAX} sheets, {ROWS_MAX:,} rows, {COLUMNS_MAX} columns, {CELLS_MAX:,}"
        f" cells, {CELL_CHARS_MAX:,} characters a cell: keep only what you need."
    )


class FileQuotaReached(Conflict):
    """The person or the desk keeps as much as it may."""

    code = "FILE_QUOTA_REACHED"
    remedy = "Remove files you no longer need: 'sigmatrader file list', 'sigmatrader file remove'."


class FilesBusy(Unavailable):
    """Too many files are being read at once."""

    code = "FILES_BUSY"
    remedy = "Wait a few seconds and attach the file again; nothing was stored."


class TooManyFilesAtOnce(AppError):
    """The person has files on their way or waiting to be read already; others get their turn."""

    code = "FILES_LIMITED"
    status = 429
    remedy = "Wait until your files before it are read and attach it again; nothing was stored."


REFUSALS: dict[str, type[FileRefused]] = {
    kind.code: kind
    for kind in (
        FileRefused,
        FileEmpty,
        FileKindUnknown,
        FileEncrypted,
        FileTextUnreadable,
        FileCsvBroken,
        FileArchiveUnsafe,
        FileTooComplex,
        FileTooManyCells,
    )
}
