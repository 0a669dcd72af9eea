"""`python -m app.cli` is the same as `sigmatrader`."""

from app.cli.main import main

main()
