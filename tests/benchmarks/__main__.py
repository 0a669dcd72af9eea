"""`make bench`: print the figures of this machine. Judges nothing."""

import argparse

import uvloop

from tests.benchmarks.figures import Figure, as_json, as_table
from tests.benchmarks.gate import gate_figures
from tests.benchmarks.pure import import_figures, pure_figures
from tests.benchmarks.store import disk_figure, prepared_store
from tests.benchmarks.turns import http_figures, turn_figures


def main() -> None:
    arguments = _arguments()
    figures: list[Figure] = []
    with prepared_store() as (home, location):
        figures.append(disk_figure(home, arguments.rounds))
        # The loop that the server runs on.
        figures += uvloop.run(turn_figures(home, location, arguments.rounds))
    figures += http_figures(arguments.rounds)
    figures += gate_figures(arguments.rounds)
    figures += pure_figures(arguments.rounds)
    figures += import_figures()
    print(as_json(figures) if arguments.json else as_table(figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="turns a figure is taken from")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


if __name__ == "__main__":
    main()
