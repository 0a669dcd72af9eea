"""Write tools_list.json again, as the Inspector lists the tools of a running server."""

import json
import tempfile
from pathlib import Path

from tests.inspector import Inspector
from tests.servers import running_server


def main() -> None:
    """Start a server, list its tools over HTTP, and write what is listed."""
    with running_server() as server, tempfile.TemporaryDirectory() as folder:
        entry = {
            "type": "http",
            "url": f"{server.url}/mcp",
            "headers": {"Authorization": f"Bearer {server.key}"},
        }
        inspector = Inspector(config={"mcpServers": {"sigmatrader": entry}}, folder=Path(folder))
        listed = inspector.run("tools/list")
    text = json.dumps(listed, indent=1, ensure_ascii=False, sort_keys=True)
    Path(__file__).with_name("tools_list.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
