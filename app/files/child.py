"""The process that reads one file: bytes on standard input, tables on standard output.

It limits itself before it looks at the first byte, and holds no key and no connection. One line of
JSON comes first, then the packed rows of each sheet.
"""

import json
import os
import resource
import sys

from app.files.errors import FileRefused, FileTooComplex
from app.files.limits import FILE_BYTES_MAX, READ_CPU_S, READ_MEMORY_BYTES, READ_NICENESS
from app.files.reading import read_file


def main() -> None:
    """Read one file and answer with its tables, or with the code of why not."""
    limit_itself()
    head, blobs = _answer(sys.stdin.buffer.read(FILE_BYTES_MAX + 1))
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n")
    for blob in blobs:
        sys.stdout.buffer.write(blob)


def limit_itself() -> None:
    """Bound this process, and let whatever else wants the processor go before it."""
    os.nice(READ_NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (READ_CPU_S, READ_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (READ_MEMORY_BYTES, READ_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(content: bytes) -> tuple[dict[str, object], list[bytes]]:
    try:
        kind, tables = read_file(content)
    except FileRefused as refused:
        return {"refused": refused.code, "message": refused.message}, []
    except (MemoryError, RecursionError):
        return {"refused": FileTooComplex.code, "message": "it takes too much memory"}, []
    head: dict[str, object] = {
        "kind": kind.value,
        "sheets": [table.facts.model_dump(mode="json") for table in tables],
        "sizes": [len(table.packed) for table in tables],
    }
    return head, [table.packed for table in tables]


if __name__ == "__main__":
    main()
