"""How far the long proofs go, and what they counted, for those who run them with -s."""

import os
import sys


def many(full: int, quick: int) -> int:
    """Return how many cases to try: all of them under FAULTS=full, else fewer."""
    return full if os.environ.get("FAULTS") == "full" else quick


def tell(proof: str, **figures: object) -> None:
    """Write a proof's figures to the output of its test."""
    said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())
    sys.stdout.write(f"\n{proof}: {said}\n")
