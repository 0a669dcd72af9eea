"""Answers and refusals as MCP results: the same content as data and as text."""

from typing import Final

from mcp_types import CallToolResult, TextContent
from pydantic import ValidationError

from app.errors import AppError, FieldError
from riskgate.contracts.base import Code, Contract
from riskgate.hashing import canonical_json
from tools.ports import ToolRefusal

FIELDS_MAX: Final = 20
ISSUE_MAX: Final = 300


class FieldProblem(Contract):
    """One argument that was wrong, and why; what was given is not said again."""

    field: str
    issue: str


class Problem(Contract):
    """Why a call did not do what was asked, and what to do about it.

    `retry_safe` says that repeating the same call cannot act twice.
    """

    code: Code
    message: str
    remediation: str
    retry_safe: bool = True
    retry_after_s: int | None = None
    errors: tuple[FieldProblem, ...] = ()
    call_id: str


def answered(answer: Contract) -> CallToolResult:
    """Return an answer as structured content and, for clients without it, as text."""
    data = answer.model_dump(mode="json")
    text = TextContent(type="text", text=canonical_json(data))
    return CallToolResult(content=[text], structured_content=data)


def failed(problem: Problem) -> CallToolResult:
    """Return a problem as text: structured content would have to fit the tool's own schema."""
    text = TextContent(type="text", text=canonical_json(problem.model_dump(mode="json")))
    return CallToolResult(content=[text], is_error=True)


def of_refusal(refusal: ToolRefusal, call_id: str) -> Problem:
    return Problem(
        code=refusal.code, message=refusal.message, remediation=refusal.remedy, call_id=call_id
    )


def of_error(error: AppError, call_id: str, *, retry_after_s: int | None = None) -> Problem:
    return Problem(
        code=error.code,
        message=error.message,
        remediation=error.remedy,
        retry_safe=error.retry_safe,
        retry_after_s=retry_after_s,
        errors=tuple(map(_field, error.errors)),
        call_id=call_id,
    )


def of_arguments(invalid: ValidationError, call_id: str) -> Problem:
    """Name each wrong argument."""
    errors = tuple(
        FieldProblem(
            field=".".join(map(str, item["loc"]))[:ISSUE_MAX] or "arguments",
            issue=item["msg"][:ISSUE_MAX],
        )
        for item in invalid.errors(include_input=False, include_url=False)[:FIELDS_MAX]
    )
    return Problem(
        code="INVALID_PARAM",
        message="; ".join(f"{item.field}: {item.issue}" for item in errors),
        remediation="Correct the named arguments by the tool's input schema and call it again.",
        errors=errors,
        call_id=call_id,
    )


def _field(error: FieldError) -> FieldProblem:
    return FieldProblem(field=error.field, issue=error.issue)
