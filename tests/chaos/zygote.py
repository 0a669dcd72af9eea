"""A process that has imported the server and forks one for each line it is told.

Importing takes a second and a fork a few milliseconds; what is forked is a whole process with
its own sockets, and SIGKILL ends it like any other.
"""

import json
import os
import socket
import sys
from typing import Any

import app.jobs.rounds
import app.jobs.worker
import app.main
from app.persistence.location import locate
from app.settings import load_settings
from app.telemetry import configure_logging
from tests.chaos import hooks
from tests.chaos.points import point_of


def main() -> None:
    """Fork a server for each request on stdin; print its process id and wait for nothing."""
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _serve(request)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _reap()


def _reap() -> None:
    """Collect children that were killed, so that they do not pile up."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _serve(request: dict[str, Any]) -> None:
    with open(os.devnull, encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), 0)
    log = os.open(request["log"], os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(request["environment"])
    if request["naive"]:
        hooks.be_naive()
    if request["point"]:
        hooks.install(point_of(request["point"]))
    configure_logging("WARNING")
    settings = load_settings()
    # The database was prepared once; a restart after a crash finds it so.
    location = locate(settings.home, settings.database_url)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host, settings.port))
    listener.listen(64)
    app.main.serve(settings, location, listener, on_ready=_say_key, on_warning=_say)
    os._exit(0)


def _say_key(key: str | None) -> None:
    if key:
        _say(f"API key: {key}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
