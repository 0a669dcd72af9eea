"""Every error as application/problem+json: what was wrong and what to do (RFC 9457)."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.errors import AppError, FieldError
from app.telemetry import log

MEDIA_TYPE = "application/problem+json"
CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "PAYLOAD_TOO_LARGE"}
REMEDIES = {
    404: "Check the path and the id; /openapi.json lists every route.",
    405: "Use the method that /openapi.json lists for this route.",
}
MAX_ERRORS = 20
MAX_ISSUE_LENGTH = 300


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def problem(
    request: Request,
    *,
    status: int,
    code: str,
    detail: str,
    remediation: str,
    errors: tuple[FieldError, ...] = (),
    retry_safe: bool = True,
) -> JSONResponse:
    """Return one problem document."""
    body = {
        "type": f"urn:sigmatrader:error:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "ok": False,
        "code": code,
        "errors": [_field(error) for error in errors],
        "remediation": remediation,
        "request_id": getattr(request.state, "request_id", ""),
        "retry_safe": retry_safe,
    }
    headers = {"Retry-After": "1"} if status in {409, 429, 503} else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _field(error: FieldError) -> dict[str, str | int]:
    shown: dict[str, str | int] = {"field": error.field, "issue": error.issue}
    if error.remedy is not None:
        shown["remedy"] = error.remedy
    if error.line is not None:
        shown["line"] = error.line
    return shown


def error_problem(request: Request, error: AppError) -> JSONResponse:
    """Return the problem document of one of our own errors."""
    return problem(
        request,
        status=error.status,
        code=error.code,
        detail=error.message,
        remediation=error.remedy,
        errors=error.errors,
        retry_safe=error.retry_safe,
    )


async def _app_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, AppError):
        return await _unexpected(request, error)
    return error_problem(request, error)


async def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = tuple(
        FieldError(
            ".".join(str(part) for part in item["loc"] if part != "body") or "body",
            str(item["msg"])[:MAX_ISSUE_LENGTH],
        )
        for item in found[:MAX_ERRORS]
    )
    detail = "; ".join(f"{item.field}: {item.issue}" for item in errors) or "the request is invalid"
    return problem(
        request,
        status=400,
        code="INVALID_PARAM",
        detail=detail,
        remediation="Correct the named fields and send the request again.",
        errors=errors,
    )


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else "an error"
    return problem(
        request,
        status=status,
        code=CODES.get(status, "INVALID_PARAM"),
        detail=detail,
        remediation=REMEDIES.get(status, "Correct the request and send it again."),
    )


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("request_failed", path=request.url.path, error=type(error).__name__, exc_info=error)
    return problem(
        request,
        status=500,
        code="INTERNAL",
        detail="something on our side went wrong",
        remediation="Look up the request id in the server's log before trying again.",
        retry_safe=False,
    )
