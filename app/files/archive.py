"""Whether an .xlsx file is an archive that can be opened without harm: looked at before it is."""

import re
import zipfile
import zlib
from io import BytesIO
from typing import Final

from app.files.errors import FileArchiveUnsafe, FileEncrypted, FileKindUnknown
from app.files.limits import (
    ARCHIVE_BYTES_MAX,
    ARCHIVE_MEMBERS_MAX,
    ARCHIVE_RATIO_FROM_BYTES,
    ARCHIVE_RATIO_MAX,
    MIB,
)

NEEDED: Final = ("[Content_Types].xml", "xl/workbook.xml")
PACKINGS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
PIECE_BYTES: Final = 256 * 1024
# A document type can define entities that grow without end; no workbook has one.
DECLARED: Final = (b"<!DOCTYPE", b"<!ENTITY")
LONGEST_DECLARED: Final = max(map(len, DECLARED))
ENCODING: Final = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{0,40})["']""")
ENCODINGS: Final = frozenset({b"utf-8", b"us-ascii", b"ascii"})
XML_NAMES: Final = (".xml", ".rels", ".vml")
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
PROLOG_BYTES: Final = 4_096


def require_safe(content: bytes) -> None:
    """Raise FileArchiveUnsafe, FileEncrypted or FileKindUnknown unless a workbook may be opened.

    Every part is unpacked once and thrown away piece by piece, so that what it really comes to is
    known and not only what it says of itself.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            _require_honest(members, len(content))
            _require_workbook([member.filename for member in members])
            left = ARCHIVE_BYTES_MAX
            for member in members:
                left -= _unpacked(archive, member, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as bad:
        raise FileKindUnknown("it is a damaged archive") from bad


def _require_honest(members: list[zipfile.ZipInfo], size: int) -> None:
    if len(members) > ARCHIVE_MEMBERS_MAX:
        raise FileArchiveUnsafe(f"it has {len(members)} parts")
    names = [member.filename.casefold() for member in members]
    if len(set(names)) < len(names):
        raise FileArchiveUnsafe("two of its parts have one name")
    if any(member.flag_bits & 1 for member in members):
        raise FileEncrypted("it is protected by a password")
    if any(member.compress_type not in PACKINGS for member in members):
        raise FileArchiveUnsafe("its parts are packed in an unusual way")
    if sum(member.compress_size for member in members) > size:
        raise FileArchiveUnsafe("its parts overlap")
    if sum(member.file_size for member in members) > ARCHIVE_BYTES_MAX:
        raise FileArchiveUnsafe(f"it unpacks to more than {ARCHIVE_BYTES_MAX // MIB} MB")
    if any(_is_tight(member.file_size, member.compress_size) for member in members):
        raise FileArchiveUnsafe("a part unpacks to far more than its size")


def _require_workbook(names: list[str]) -> None:
    if "EncryptedPackage" in names:
        raise FileEncrypted("it is protected by a password")
    if not all(needed in names for needed in NEEDED):
        raise FileKindUnknown("it is an archive and no .xlsx workbook")


def _is_tight(unpacked: int, packed: int) -> bool:
    return unpacked > ARCHIVE_RATIO_FROM_BYTES and unpacked > ARCHIVE_RATIO_MAX * packed


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> int:
    """Return what a part comes to; refuse one that comes to more, or that defines entities."""
    size, tail = 0, b""
    is_xml = member.filename.lower().endswith(XML_NAMES)
    with archive.open(member) as part:
        while piece := part.read(PIECE_BYTES):
            if size == 0 and (is_xml := is_xml or _begins_as_xml(piece)):
                _require_readable(piece)
            size += len(piece)
            if size > left or _is_tight(size, member.compress_size):
                raise FileArchiveUnsafe("it unpacks to more than it may")
            if is_xml and any(word in tail + piece for word in DECLARED):
                raise FileArchiveUnsafe("a part of it defines entities")
            tail = piece[-LONGEST_DECLARED:]
    return size


def _begins_as_xml(start: bytes) -> bool:
    """Say whether a part may be read as XML whatever it is called: a workbook says which part is
    a sheet, and its own names bind nobody."""
    return start.startswith(WIDE_MARKS) or start[:PROLOG_BYTES].replace(b"\0", b"").removeprefix(
        BYTE_ORDER_MARK
    ).lstrip().startswith(b"<")


def _require_readable(start: bytes) -> None:
    """Refuse XML in which what we look for could be written in other bytes."""
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip()
    said = ENCODING.match(text)
    odd = said is not None and said[1].lower() not in ENCODINGS
    if odd or b"\0" in start[:4] or (text and not text.startswith(b"<")):
        raise FileArchiveUnsafe("a part of it is XML in an unusual encoding")
