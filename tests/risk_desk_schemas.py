"""The JSON Schemas of what the risk desk writes: its journal's records, and a run's summary."""

from typing import Any, Final

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_FLAG: Final[Schema] = {"type": "boolean"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_HASH: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_NUMBER: Final[Schema] = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}
_PRICE: Final[Schema] = {"type": "string", "pattern": r"^(-?\d+(\.\d+)?|NaN|-?Infinity)$"}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_LEVEL: Final[Schema] = {"enum": ["RUNNING", "REDUCE_ONLY", "HALTED"]}
_VERDICT: Final[Schema] = {"enum": ["ALLOW", "MODIFY", "DENY"]}
_RULE: Final[Schema] = {"type": "string", "pattern": r"^[A-Z]+-\d{3}$"}
_SIDE: Final[Schema] = {"enum": ["buy", "sell"]}
_ORDER_TYPE: Final[Schema] = {"enum": ["market", "limit"]}
_JSON_NUMBER: Final[Schema] = {"type": "number"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _by_name(schema: Schema) -> Schema:
    return {"type": "object", "additionalProperties": schema}


def _object(properties: Schema, *optional: str) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(set(properties) - set(optional)),
        "additionalProperties": False,
    }


def _row(*items: Schema, least: int | None = None) -> Schema:
    return {
        "type": "array",
        "prefixItems": list(items),
        "items": False,
        "minItems": len(items) if least is None else least,
    }


def _rows(row: Schema) -> Schema:
    return {"type": "array", "items": row}


_TERMS: Final = _object(
    {
        **dict.fromkeys(("multiplier", "lot_size", "tick_size"), _NUMBER),
        **dict.fromkeys(("currency", "sector", "underlying"), _TEXT),
    },
    *("multiplier", "lot_size", "tick_size", "currency", "sector", "underlying"),
)
_ASKED: Final = _object(
    {
        **dict.fromkeys(("account_id", "intent_id", "strategy_id", "symbol", "timestamp"), _TEXT),
        "asset_class": {"enum": ["equity", "crypto", "fx", "futures"]},
        "limit_price": _or_null(_NUMBER),
        "order_type": _ORDER_TYPE,
        "qty": _NUMBER,
        "side": _SIDE,
        "terms": _TERMS,
    },
    "terms",
)
_MARKET: Final = _object(
    {
        "timestamp": _TEXT,
        "prices": _by_name(_PRICE),
        "as_of": _by_name(_TIME),
        "fx": _by_name(_NUMBER),
        "is_open": _or_null(_FLAG),
    }
)
_MONEY: Final = {
    name: _or_null(_NUMBER)
    for name in ("equity", "day_start", "peak", "week_start", "month_start", "available")
} | {"month_spent": _FLAG}
_PORTFOLIO: Final = _object(
    {
        **_MONEY,
        "positions": _by_name(_NUMBER),
        "currency": _or_null(_TEXT),
        "in_flight": _rows(_row(_TEXT, _TEXT, _SIDE, _NUMBER, _or_null(_NUMBER))),
        "instruments": _by_name(_TERMS),
    }
)
_EXECUTION: Final = _object(
    {
        **dict.fromkeys(("orders_global", "messages_1s", "messages_60s", "orders_today"), _COUNT),
        "orders_by_strategy": _by_name(_COUNT),
        "orders_by_symbol": _by_name(_COUNT),
        "violations": _rows(_row(_TEXT, _TEXT)),
        "kill_switch": _LEVEL,
    }
)
_FIGURE: Final = _or_null(_NUMBER)
_FINDINGS: Final = _rows(_row(_RULE, _FIGURE, _FIGURE))
_ENDED: Final = _object({"order_id": _TEXT, "reason": _TEXT})

BODIES: Final[dict[str, Schema]] = {
    "policy": _object({"by": _TEXT, "hash": _HASH, "policy": {"type": "object"}}),
    "state": _object(
        {
            "run_id": _TEXT,
            "apply_modify": _FLAG,
            "portfolio": _PORTFOLIO,
            "market": _MARKET,
            "execution": _EXECUTION,
        }
    ),
    "price": _MARKET,
    "account": _object({**_MONEY, "why": _TEXT}),
    "intent": _object({"asked": _ASKED}),
    "decision": _object(
        {
            "allowed": _or_null(_NUMBER),
            "asked": {"anyOf": [_ASKED, _object({"in": _COUNT})]},
            "evidence": _rows(_row(_TEXT, _NUMBER, _FIGURE, _TEXT, least=3)),
            "findings": _FINDINGS,
            "kill": _LEVEL,
            "more": _COUNT,
            "policy": _HASH,
            "trips": _FLAG,
            "verdict": _VERDICT,
            "waived": _FINDINGS,
        },
        "more",
    ),
    "order": _object(
        {
            **dict.fromkeys(("order_id", "intent_id", "symbol", "strategy_id"), _TEXT),
            "side": _SIDE,
            "qty": _NUMBER,
            "order_type": _ORDER_TYPE,
            "limit_price": _or_null(_NUMBER),
        }
    ),
    "fill": _object({"fill_id": _TEXT, "order_id": _TEXT, "qty": _NUMBER, "price": _NUMBER}),
    "reject": _ENDED,
    "cancel": _ENDED,
    "unknown": _ENDED,
    "kill": _object({"level": _LEVEL, "by": _TEXT, "reason": _TEXT}),
    "timing": _object(dict.fromkeys(("decisions", "p50_ns", "p99_ns"), _COUNT)),
    "torn": _object({"bytes": _COUNT, "sha256": _HASH}),
}

RISK_DESK: Final[dict[str, Schema]] = {
    "RiskRecord": {
        "title": "RiskRecord",
        "description": "One line of a risk desk's journal; prev is the SHA-256 of the line before.",
        **_object(
            {
                "at": _TIME,
                "body": {"type": "object"},
                "kind": {"enum": sorted(BODIES)},
                "prev": _HASH,
                "seq": {"type": "integer", "minimum": 1},
            }
        ),
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}},
                "then": {"properties": {"body": body}},
            }
            for kind, body in BODIES.items()
        ],
    },
    "RiskRunSummary": {
        "title": "RiskRunSummary",
        "description": "What `risk run` prints; numbers have every digit.",
        **_object(
            {
                "run_id": _TEXT,
                "total_intents": _COUNT,
                "decisions": _object(dict.fromkeys(("ALLOW", "MODIFY", "DENY"), _COUNT)),
                "rule_histogram": _by_name(_COUNT),
                "orders_submitted": _COUNT,
                "orders_filled": _COUNT,
                "orders_in_flight": _COUNT,
                "orders_unknown": _rows(_TEXT),
                "final_equity": _JSON_NUMBER,
                "final_positions": _by_name(_JSON_NUMBER),
                "kill_switch_active": _FLAG,
                "kill_switch_level": _LEVEL,
                "repeated": _COUNT,
                "input_errors": _rows(
                    _object(dict.fromkeys(("intent_id", "error", "message"), _TEXT))
                ),
                "policy_hash": _HASH,
                "journal_head": {"type": "string", "pattern": "^[0-9]+:[0-9a-f]{64}$"},
                "latency_us": _object({"p50": _JSON_NUMBER, "p99": _JSON_NUMBER}),
            },
            "latency_us",
        ),
    },
}
