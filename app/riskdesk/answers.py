"""Verdicts as plain values, and those as JSON in which every decimal keeps its digits."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Final, TypeAlias

from riskgate.contracts.base import decimal_text
from riskgate.errors import PolicyFault, PolicyInvalid
from riskgate.judge import Figure, Finding, Judgement
from riskgate.reading import DocumentFault, DocumentInvalid
from riskgate.suggest import Suggestion

Answer: TypeAlias = dict[str, object]

INPUT_ERROR: Final = "INPUT_ERROR"
POLICY: Final = "policy"


def verdict_answer(judgement: Judgement, suggestion: Suggestion | None) -> Answer:
    """Return the verdict with its rules and figures, and what would pass instead of a refusal.

    A rule stands once, however often broken.
    """
    return {
        "decision": judgement.verdict.value,
        "modified_qty": judgement.allowed,
        "violated_rule_ids": _rule_ids(judgement.findings),
        "waived_rule_ids": _rule_ids(judgement.waived),
        "kill_switch_triggered": judgement.trips,
        "evidence": {figure.metric: _evidence(figure) for figure in judgement.evidence},
        "suggestion": None if suggestion is None else _suggestion(suggestion),
    }


def full_answer(
    judgement: Judgement, suggestion: Suggestion | None, *, intent_id: str, policy_hash: str
) -> Answer:
    """Return the verdict with every breach in words, for one order that somebody looks at."""
    return {
        "intent_id": intent_id,
        "policy_hash": policy_hash,
        **verdict_answer(judgement, suggestion),
        "violations": [_violation(finding) for finding in judgement.findings],
        "waived": [_violation(finding) for finding in judgement.waived],
    }


def error_answer(case_id: object, faults: Iterable[DocumentFault]) -> Answer:
    """Return the answer for a case that cannot be judged."""
    return {
        "case_id": case_id,
        "decision": INPUT_ERROR,
        "errors": [
            {
                "in": fault.document,
                "field": fault.path,
                "message": fault.message,
                "remedy": fault.remedy,
            }
            for fault in faults
        ],
    }


def faults_of(error: PolicyInvalid | DocumentInvalid) -> tuple[DocumentFault, ...]:
    """Return the faults of a policy as those of any other document."""
    if isinstance(error, DocumentInvalid):
        return error.faults
    return tuple(_policy_fault(fault) for fault in error.faults)


def json_text(value: object, *, indent: int | None = None) -> str:
    """Write plain values as JSON: decimals as numbers with every digit, never as binary ones.

    A decimal that is not finite is written as text, which is all that JSON has for it.
    """
    return "".join(_pieces(value, indent, 0))


def _rule_ids(findings: Iterable[Finding]) -> list[str]:
    return list(dict.fromkeys(finding.rule.rule_id for finding in findings))


def _evidence(figure: Figure) -> Answer:
    found: Answer = {"value": figure.value, "limit": figure.limit}
    if figure.source is not None:
        found["source"] = figure.source
    if figure.loosened:
        found["loosened"] = True
    return found


def _suggestion(suggestion: Suggestion) -> Answer:
    """Return only what changes, and the change in words."""
    changes = {name: value for name, value in suggestion._asdict().items() if value is not None}
    renamed: Answer = {
        {"quantity": "qty"}.get(name, name): value for name, value in changes.items()
    }
    return renamed | {"text": suggestion.text}


def _violation(finding: Finding) -> Answer:
    rule, breach = finding
    return {
        "rule_id": rule.rule_id,
        "severity": rule.severity.value,
        "message": breach.message,
        "remedy": breach.remedy,
        "limit": breach.limit,
        "actual": breach.actual,
    }


def _policy_fault(fault: PolicyFault) -> DocumentFault:
    line = "" if fault.line is None else f" (line {fault.line})"
    return DocumentFault(POLICY, fault.path, f"{fault.message}{line}", fault.remedy)


def _pieces(value: object, indent: int | None, depth: int) -> Iterable[str]:
    match value:
        case str():
            yield encode_basestring_ascii(value)
        case None | bool():
            yield {None: "null", True: "true", False: "false"}[value]
        case int():
            yield str(value)
        case Decimal():
            yield decimal_text(value) if value.is_finite() else f'"{value}"'
        case Mapping():
            items = [
                f"{encode_basestring_ascii(str(key))}:{'' if indent is None else ' '}"
                f"{''.join(_pieces(item, indent, depth + 1))}"
                for key, item in value.items()
            ]
            yield _joined("{", items, "}", indent, depth)
        case list() | tuple():
            items = ["".join(_pieces(item, indent, depth + 1)) for item in value]
            yield _joined("[", items, "]", indent, depth)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in an answer")


def _joined(first: str, items: list[str], last: str, indent: int | None, depth: int) -> str:
    if not items or indent is None:
        return first + ",".join(items) + last
    line = "\n" + " " * (indent * (depth + 1))
    return first + line + f",{line}".join(items) + "\n" + " " * (indent * depth) + last
