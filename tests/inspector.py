"""The Inspector of the MCP project, at its command line, as a host of ours."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.conformance.mcp.suite import NPM
from tests.node_tools import node, packages

INSPECTOR: Final = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"
RUN_MAX_S: Final = 120
SERVER: Final = "sigmatrader"


@dataclass(frozen=True, kw_only=True)
class Inspector:
    """Runs methods against the server of one host configuration; keeps its files in a folder."""

    config: Mapping[str, Any]
    folder: Path

    @property
    def transport(self) -> str:
        """How the host reaches the server: over http, or by a command on stdio."""
        return "http" if "url" in self.config["mcpServers"][SERVER] else "stdio"

    def run(self, method: str, *arguments: str) -> dict[str, Any]:
        """Return what a method answered; it must succeed."""
        done = self.try_to(method, *arguments)
        assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def call(self, tool: str, **arguments: str) -> dict[str, Any]:
        """Return the structured answer of a tool."""
        given = [f"{name}={value}" for name, value in arguments.items()]
        pairs = ["--tool-arg", *given] if given else []
        content: dict[str, Any] = self.run("tools/call", "--tool-name", tool, *pairs)[
            "structuredContent"
        ]
        return content

    def try_to(self, method: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a method, whatever comes of it."""
        host = self.folder / "host.json"
        host.write_text(json.dumps(self.config))
        return subprocess.run(
            [
                node(),
                INSPECTOR,
                "--cli",
                "--config",
                str(host),
                "--server",
                SERVER,
                "--method",
                method,
                *arguments,
            ],
            cwd=packages(NPM),
            env={**os.environ, "HOME": str(self.folder), "MCP_INSPECTOR_SECRET_STORE": "memory"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=RUN_MAX_S,
        )
