"""How much of a file is read. What is larger is refused with its code, never cut."""

from typing import Final

MIB: Final = 1024 * 1024

FILE_BYTES_MAX: Final = 15 * MIB
SHEETS_MAX: Final = 30
ROWS_MAX: Final = 1_500_000
COLUMNS_MAX: Final = 256
CELLS_MAX: Final = 5_000_000
# Excel's own limit for a cell.
CELL_CHARS_MAX: Final = 32_767
# What the cells of a file may come to as text.
TEXT_BYTES_MAX: Final = 150 * MIB

# An .xlsx file is an archive. One whose parts come to more, or are packed tighter, is a bomb.
ARCHIVE_MEMBERS_MAX: Final = 1_000
ARCHIVE_BYTES_MAX: Final = 200 * MIB
ARCHIVE_RATIO_MAX: Final = 250
# Small parts are packed tightly in honest files too.
ARCHIVE_RATIO_FROM_BYTES: Final = MIB

# What the reading process may take.
READ_CPU_S: Final = 75
READ_WALL_S: Final = 100.0
# Orders go first: a file may be built to take all the time it is given.
READ_NICENESS: Final = 15
READ_MEMORY_BYTES: Final = 1_024 * MIB
READERS_MAX: Final = 2
READS_WAITING_MAX: Final = 6
# One of a person's files is read while the next one waits; the other readers are other people's.
READS_A_PERSON: Final = 2

HEAD_ROWS: Final = 20
HEADER_WITHIN: Final = 30
