"""The command line: `sigmatrader`."""

from app.cli.main import main

__all__ = ["main"]
