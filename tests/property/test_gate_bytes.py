"""The same inputs give the same bytes, whatever the process and the Python they are judged in."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from tests.property.gate_cases import digest

ROOT = Path(__file__).parents[2]
CASES = 500


def started(python: str, hash_seed: int) -> subprocess.Popen[str]:
    """Start the digest of the seeded cases in another process."""
    return subprocess.Popen(
        [python, "-m", "tests.property.gate_cases", str(CASES)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    return out


def other_pythons() -> list[str]:
    """Return Pythons of another version that have the gate's packages, `OTHER_PYTHON` first.

    Names no Python twice; where there is none the test says why it did not run.
    """
    own = "{}.{}".format(*sys.version_info)
    names = [f"python3.{minor}" for minor in (11, 12, 13)]
    named = [os.environ.get("OTHER_PYTHON"), *(which(n) for n in names if not n.endswith(own))]
    return [python for python in named if python and has_the_packages(python)]


def has_the_packages(python: str) -> bool:
    probe = subprocess.run(
        [python, "-c", "import pydantic, yaml, sys; print(*sys.version_info[:2], sep='.')"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return probe.returncode == 0 and probe.stdout.strip() != "{}.{}".format(*sys.version_info)


def test_ten_hash_seeds_give_the_same_bytes() -> None:
    processes = [started(sys.executable, seed) for seed in range(10)]
    digests = {ended(process) for process in processes}
    assert digests == {digest(CASES)}


def test_another_version_of_python_gives_the_same_bytes() -> None:
    pythons = other_pythons()
    if not pythons:
        pytest.skip("no other Python with pydantic and PyYAML here; name one in OTHER_PYTHON")
    for python in pythons:
        assert ended(started(python, 7)) == digest(CASES), python
