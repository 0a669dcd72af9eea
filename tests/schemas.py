"""The JSON Schemas of the contracts that other programs read.

`python -m tests.schemas` (or `make schemas`) writes docs/reference/schemas again.
"""

import json
from pathlib import Path
from typing import Final

from riskgate.contracts.base import Contract
from riskgate.contracts.cards import Card
from riskgate.contracts.decisions import ApprovedPlan, RiskDecision
from riskgate.contracts.intents import TradeIntent
from riskgate.contracts.orders import OrderIntent
from riskgate.contracts.plans import MonitorPlan, TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Quote
from riskgate.contracts.traces import DecisionTrace, IdempotencyRecord, ReconciliationDelta

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "reference" / "schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
CONTRACTS: Final[tuple[type[Contract], ...]] = (
    TradeIntent,
    TradePlan,
    MonitorPlan,
    OrderIntent,
    BrokerSnapshot,
    LedgerSnapshot,
    Quote,
    RiskDecision,
    ApprovedPlan,
    ReconciliationDelta,
    IdempotencyRecord,
    DecisionTrace,
    Card,
)


def schema_files() -> dict[str, str]:
    """Return each file's name and text, as the contracts are now."""
    return {f"{contract.__name__}.json": _text(contract) for contract in CONTRACTS}


def write() -> None:
    """Make the folder hold exactly the schemas of now."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    files = schema_files()
    for path in FOLDER.glob("*.json"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _text(contract: type[Contract]) -> str:
    schema = {"$schema": DIALECT} | contract.model_json_schema(mode="serialization")
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write()
