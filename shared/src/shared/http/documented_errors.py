"""Errors as documents tell them: the catalogue of codes, and what an operation answers when it fails."""

from collections.abc import Iterable, MutableMapping
from typing import Any

import msgspec

from shared.errors import TesseraError, TooManyRequests, Unauthorized, Unavailable, ValidationFailed, catalogue

ERROR_SCHEMA = "ErrorAnswer"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
_WAIT = (TooManyRequests.status, Unavailable.status)
_DETAILS: dict[str, dict[str, Any]] = {
    ValidationFailed.code: {
        "fields": [{"path": "name", "code": "required", "message": "Object missing required field `name`"}]
    },
    TooManyRequests.code: {"retry_after": 12},
}

Responses = MutableMapping[str, dict[str, Any]]


class ErrorFact(msgspec.Struct):
    code: str
    message: str
    details: dict[str, Any]
    trace_id: str


class ErrorAnswer(msgspec.Struct):
    error: ErrorFact


class ErrorCode(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A row of the catalogue: what happened and what its caller can do."""

    code: str
    status: int
    meaning: str
    remedy: str


def error_codes() -> list[ErrorCode]:
    """Every code that this process knows."""
    return [
        ErrorCode(code=code, status=error.status, meaning=error.message, remedy=error.remedy)
        for code, error in sorted(catalogue().items())
    ]


def add_failures(responses: Responses, errors: Iterable[type[TesseraError]]) -> None:
    """One answer per status, which names all its codes; `x-error-codes` has them for programs."""
    for error in errors:
        response = responses.setdefault(str(error.status), _failure(error))
        codes = response.setdefault("x-error-codes", [])
        if error.code not in codes:
            codes.append(error.code)
            response["description"] += f"\n{_line(error)}"


def _line(error: type[TesseraError]) -> str:
    return f"- `{error.code}`: {error.message}"


def _failure(error: type[TesseraError]) -> dict[str, Any]:
    details = _DETAILS.get(error.code, {})
    example = ErrorAnswer(ErrorFact(error.code, error.message, details, TRACE_ID))
    content = {
        "schema": {"$ref": f"#/components/schemas/{ERROR_SCHEMA}"},
        "example": msgspec.to_builtins(example),
    }
    return {
        "description": _line(error),
        "headers": _headers(error),
        "content": {"application/json": content},
        "x-error-codes": [error.code],
    }


def _headers(error: type[TesseraError]) -> dict[str, Any]:
    names = ["X-Request-Id"]
    if error.status in _WAIT:
        names.append("Retry-After")
    if issubclass(error, Unauthorized):
        names.append("WWW-Authenticate")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
