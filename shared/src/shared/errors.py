"""What can go wrong, as one tree of facts: each leaf carries a public code and an HTTP status.

An error is raised where the fact is known and rendered in one place (`shared.http.envelope`).
Codes are part of the public contract: they are collected in one catalogue and never renamed.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any, ClassVar, NamedTuple

import msgspec

MAX_REPORTED = 100  # wrong fields in one answer
MAX_PATH = 200  # characters of a path or a message there: both may hold what the caller sent
MAX_REPORT_BYTES = 48 * 1024  # of all of them together

_NAMES_BYTES = 40  # of a field error as JSON, beside its values
_encode = msgspec.json.Encoder().encode
_CATALOGUE: dict[str, "type[TesseraError]"] = {}


class TesseraError(Exception):
    """Base of everything that is answered to a caller. Text and details must be fit for strangers."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    message: str = "Something went wrong on our side."
    remedy: ClassVar[str] = "Try again; if it stays, tell the operator the trace id."
    """What the caller can do; a kind of error says it for all its codes."""

    def __init_subclass__(cls) -> None:
        if "code" not in cls.__dict__:
            return
        known = _CATALOGUE.setdefault(cls.code, cls)
        if known is not cls and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"error code {cls.code} is already taken by {known.__module__}.{known.__qualname__}")

    def __init__(
        self,
        message: str | None = None,
        *,
        details: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.message = message or type(self).message
        self.details = details or {}
        self.headers = headers or {}
        super().__init__(self.message)


def catalogue() -> dict[str, type[TesseraError]]:
    """Every public code known to this process, by code."""
    return {TesseraError.code: TesseraError, **dict(sorted(_CATALOGUE.items()))}


class BadRequest(TesseraError):
    status = 400
    code = "BAD_REQUEST"
    message = "The request is not understandable."
    remedy = "Correct the request; sent again as it is, it fails again."


class MalformedJson(BadRequest):
    code = "MALFORMED_JSON"
    message = "The body is not valid JSON."


class Unauthorized(TesseraError):
    status = 401
    remedy = "Sign in, or send another credential."


class AuthRequired(Unauthorized):
    code = "AUTH_REQUIRED"
    message = "Sign in first: the request carries no credential."


class InvalidToken(Unauthorized):
    code = "AUTH_INVALID_TOKEN"
    message = "The credential is not valid."


class TokenExpired(Unauthorized):
    code = "AUTH_TOKEN_EXPIRED"
    message = "The access token has expired: refresh it."
    remedy = "Exchange the refresh token for new tokens and send the request again."


class SessionRevoked(Unauthorized):
    code = "AUTH_SESSION_REVOKED"
    message = "This session has been ended."


class Forbidden(TesseraError):
    status = 403
    code = "AUTH_FORBIDDEN"
    message = "You may see this, but not do that."
    remedy = "Ask somebody who may, or for more rights."


class EmailNotVerified(Forbidden):
    code = "EMAIL_NOT_VERIFIED"
    message = "Confirm your e-mail address first: a link was mailed to it."
    remedy = "Open the mailed link, or ask for another one, and send the request again."


class NotFound(TesseraError):
    status = 404
    remedy = "Check the address; what you may not see is answered like what does not exist."


class RouteNotFound(NotFound):
    code = "ROUTE_NOT_FOUND"
    message = "There is nothing at this address."


class MethodNotAllowed(TesseraError):
    status = 405
    code = "METHOD_NOT_ALLOWED"
    message = "This address does not answer to that method."
    remedy = "Use one of the methods that the Allow header names."


class Conflict(TesseraError):
    status = 409
    remedy = "Read the resource again and decide anew."


class IdempotencyInProgress(Conflict):
    code = "IDEMPOTENCY_IN_PROGRESS"
    message = "A request with this Idempotency-Key is still running."
    remedy = "Send the request again a little later, with the same key."


class LimitReached(Conflict):
    """A technical limit, the same in all tiers; `details` has `what` is limited and the `limit`."""

    code = "LIMIT_REACHED"
    message = "There are as many of these as there may be."
    remedy = "Delete what is not needed any more."

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"There may be at most {limit} of these: {what}.", details={"what": what, "limit": limit})


class Gone(TesseraError):
    status = 410
    remedy = "Ask for a new one."


class PreconditionFailed(TesseraError):
    """`details.current` holds the resource as it is now."""

    status = 412
    code = "PRECONDITION_FAILED"
    message = "The resource has changed since the version named in If-Match."
    remedy = "Merge your change into details.current and send it with that version."


class TooLarge(TesseraError):
    status = 413
    code = "BODY_TOO_LARGE"
    message = "The body is larger than this address accepts."
    remedy = "Send less."


class UnsupportedMediaType(TesseraError):
    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"
    message = "This address does not read that media type."
    remedy = "Send application/json."


class Unprocessable(TesseraError):
    status = 422
    remedy = "Correct what details name; sent again as it is, it fails again."


class FieldError(NamedTuple):
    """One wrong field: `path` is dotted from the body (`items.0.name`), from `query` or from `path`."""

    path: str
    code: str
    message: str


class ValidationFailed(Unprocessable):
    code = "VALIDATION_ERROR"
    message = "Some fields are wrong; details.fields names each."

    def __init__(self, fields: Sequence[FieldError]) -> None:
        """As many of them are reported, each as long, as an answer may hold."""
        self.fields = _reportable(fields)
        super().__init__(details={"fields": [field._asdict() for field in self.fields]})


def shortened(text: str) -> str:
    """At most MAX_PATH characters of it."""
    return text if len(text) <= MAX_PATH else text[: MAX_PATH - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _reportable(fields: Sequence[FieldError]) -> list[FieldError]:
    left = MAX_REPORT_BYTES
    chosen: list[FieldError] = []
    for field in islice(fields, MAX_REPORTED):
        short = FieldError(shortened(field.path), field.code, shortened(field.message))
        left -= len(_encode(short)) + _NAMES_BYTES
        if left < 0 and chosen:
            break
        chosen.append(short)
    return chosen


class IdempotencyMismatch(Unprocessable):
    code = "IDEMPOTENCY_MISMATCH"
    message = "This Idempotency-Key was used with another request."
    remedy = "Use a new key for a new request."


class IdempotentAnswerGone(Gone):
    code = "IDEMPOTENT_ANSWER_GONE"
    message = "The request was carried out, but what it made was deleted or written anew since."
    remedy = "Read the state of now; use a new key to make something new."


class TooManyRequests(TesseraError):
    status = 429
    code = "RATE_LIMIT_EXCEEDED"
    message = "Too many requests: wait as long as Retry-After says."
    remedy = "Wait as many seconds as Retry-After says."


class UpstreamError(TesseraError):
    status = 502
    code = "UPSTREAM_ERROR"
    message = "A service behind this address failed to answer properly."
    remedy = "Try again shortly; repeat a write only with its Idempotency-Key."


class Unavailable(TesseraError):
    status = 503
    code = "SERVICE_UNAVAILABLE"
    message = "The service cannot answer just now: try again shortly."
    remedy = "Try again after the seconds in Retry-After."

    def __init__(
        self,
        message: str | None = None,
        *,
        details: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message, details=details, headers={"Retry-After": "1", **(headers or {})})


class UpstreamTimeout(TesseraError):
    status = 504
    code = "UPSTREAM_TIMEOUT"
    message = "A service behind this address took too long."
    remedy = "Try again shortly; repeat a write only with its Idempotency-Key."
