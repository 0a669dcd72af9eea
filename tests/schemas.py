"""The JSON Schemas of the contracts that other programs read.

`python -m tests.schemas` (or `make schemas`) writes docs/reference/schemas again.
"""

import json
from pathlib import Path
from typing import Any, Final

from riskgate.contracts.base import Contract
from riskgate.contracts.cards import Card
from riskgate.contracts.decisions import ApprovedPlan, RiskDecision
from riskgate.contracts.intents import TradeIntent
from riskgate.contracts.orders import OrderIntent
from riskgate.contracts.plans import MonitorPlan, TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Quote
from riskgate.contracts.traces import DecisionTrace, IdempotencyRecord, ReconciliationDelta
from tests.risk_desk_schemas import RISK_DESK

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
    contracts = {f"{contract.__name__}.json": _text(contract) for contract in CONTRACTS}
    return contracts | {f"{name}.json": written(schema) for name, schema in RISK_DESK.items()}


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
    return written(contract.model_json_schema(mode="serialization"))


def written(schema: dict[str, Any]) -> str:
    """Write a schema as its file has it."""
    schema = {"$schema": DIALECT} | schema
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write()
