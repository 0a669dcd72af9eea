"""Run the client's part of the public MCP suite, one scenario after the other.

`python -m tests.mcp_conformance.run PACKAGE 2025-11-25` with the folder of the npm package and a
revision. The suite's own runner starts every scenario at once, which on a small machine makes
them wait for each other longer than a handshake may take. Exits 1 when a scenario that the
revision requires fails.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import yaml

from tests.figures import tell

ROOT: Final = Path(__file__).resolve().parents[2]
COMMAND: Final = f"{sys.executable} -m tests.mcp_conformance.client"
TIMEOUT_MS: Final = 60_000


def required(package: Path, revision: str) -> Sequence[str]:
    """Return the client scenarios that a revision requires."""
    text = (package / "requirements" / f"{revision}.yaml").read_text(encoding="utf-8")
    scenarios: list[str] = yaml.safe_load(text)["client"]
    return scenarios


def passes(node: str, package: Path, scenario: str, revision: str) -> bool:
    """Run one scenario; its own output goes to our standard error."""
    command = [
        *(node, str(package / "dist" / "index.js"), "client", "--command", COMMAND),
        *("--scenario", scenario, "--spec-version", revision, "--timeout", str(TIMEOUT_MS)),
    ]
    return subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False).returncode == 0


def main(package: Path, revision: str) -> int:
    """Run what the revision requires and tell how it went."""
    node = os.environ.get("NODE", "node")
    scenarios = required(package, revision)
    failed = [name for name in scenarios if not passes(node, package, name, revision)]
    tell(f"client, {revision}", passed=len(scenarios) - len(failed), of=len(scenarios))
    if failed:
        tell("failed", scenarios=failed)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
