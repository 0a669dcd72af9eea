"""Errors that a caller can act on: a stable code, what was wrong, what to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One field that was wrong: where, why, and where it is known what to do and on which line."""

    field: str
    issue: str
    remedy: str | None = None
    line: int | None = None


class AppError(Exception):
    """A request that cannot be done; `code` is stable and `remedy` says what to do.

    `retry_safe` is True when repeating the same request cannot act twice.
    """

    code = "INTERNAL"
    status = 500
    remedy = "Try again; if it happens again, look up the request id in the server's log."
    retry_safe = True

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        remedy: str | None = None,
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.remedy = remedy or type(self).remedy
        self.errors = errors


class InvalidRequest(AppError):
    """The request is malformed or a value is out of range."""

    code = "INVALID_PARAM"
    status = 400
    remedy = "Correct the named fields and send the request again."


class Unauthorized(AppError):
    """No valid API key came with the request."""

    code = "UNAUTHORIZED"
    status = 401
    remedy = "Send 'Authorization: Bearer st_...' with a key made by 'sigmatrader key create'."


class Forbidden(AppError):
    """The user's roles do not include what the route needs."""

    code = "FORBIDDEN"
    status = 403
    remedy = "Ask an admin for the role named in the message."


class NotFound(AppError):
    """There is no such object in the caller's tenant."""

    code = "NOT_FOUND"
    status = 404
    remedy = "Check the id. Only what your tenant and your roles let you see is found."


class Conflict(AppError):
    """The object is no longer in the state that the request needs."""

    code = "CONFLICT"
    status = 409
    remedy = "Read the object again and decide on what it says now."


class Unprocessable(AppError):
    """The request is well formed and cannot be done as asked."""

    code = "UNPROCESSABLE"
    status = 422
    remedy = "Change the request as the message says."


class Unavailable(AppError):
    """A part that the request needs is down; nothing was done."""

    code = "UNAVAILABLE"
    status = 503
    remedy = "Wait and try again; /readyz names the part that is down."


class SettingsInvalid(AppError):
    """A setting has a value that the server cannot start with."""

    code = "SETTINGS_INVALID"
    remedy = "Correct the environment variable; .env.example lists them all."
