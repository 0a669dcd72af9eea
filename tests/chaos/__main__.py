"""`python -m tests.chaos --runs 200`: kill the server at every point that often, and count."""

import argparse
import json
import sys
from pathlib import Path

from tests.chaos.campaign import table, tallies
from tests.chaos.points import POINTS, point_of


def main() -> None:
    """Run, print the table, and end with 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--runs", type=int, default=10, help="runs a point")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--points", nargs="*", default=[point.name for point in POINTS])
    parser.add_argument("--naive", action="store_true", help="resend what was being sent")
    parser.add_argument("--json", type=Path, help="file for every finding")
    options = parser.parse_args()
    points = [point_of(name) for name in options.points]
    counted = tallies(points, options.runs, options.workers, naive=options.naive)
    sys.stdout.write(table(counted) + "\n")
    if options.json:
        found = {point.name: tally.texts for point, tally in counted.items()}
        options.json.write_text(json.dumps(found, indent=1))
    sys.exit(any(tally.kinds for tally in counted.values()))


if __name__ == "__main__":
    main()
