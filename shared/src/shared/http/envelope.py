"""Errors become answers here and nowhere else: `{"error": {code, message, details, trace_id}}`."""

from http import HTTPStatus

import msgspec
from sanic import HTTPMethod
from sanic.exceptions import (
    InvalidUsage,
    MethodNotAllowed as SanicMethodNotAllowed,
    NotFound as SanicNotFound,
    PayloadTooLarge,
    RequestCancelled,
    RequestTimeout,
    SanicException,
    ServiceUnavailable,
)
from sanic.handlers import ErrorHandler
from sanic.response import HTTPResponse

from shared.errors import (
    BadRequest,
    MethodNotAllowed,
    RouteNotFound,
    TesseraError,
    TooLarge,
    Unavailable,
)
from shared.http.app import Request
from shared.telemetry.logs import get_logger
from shared.telemetry.tracing import continue_trace, current_trace

_encode = msgspec.json.Encoder().encode


class RequestTooSlow(TesseraError):
    status = 408
    code = "REQUEST_TIMEOUT"
    message = "The request took too long to arrive."
    remedy = "Send it again, in one go."


class EnvelopeErrors(ErrorHandler):
    """Sanic's error handler, replaced as a whole."""

    def default(self, request: Request | None, exception: BaseException) -> HTTPResponse:
        error = as_tessera_error(exception, request)
        if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            get_logger().error("a request failed unexpectedly", exc_info=exception, route=_route(request))
        return error_response(error)


def as_tessera_error(exception: BaseException, request: Request | None) -> TesseraError:
    """The framework's own exceptions translated; anything unknown is an internal error without its text."""
    if isinstance(exception, TesseraError):
        return exception
    if isinstance(exception, SanicMethodNotAllowed):
        return MethodNotAllowed(headers={"Allow": ", ".join(_methods_at(request))})
    for kind, translated in (
        (SanicNotFound, RouteNotFound),
        (PayloadTooLarge, TooLarge),
        (RequestTimeout, RequestTooSlow),
        (ServiceUnavailable, Unavailable),
        (RequestCancelled, Unavailable),  # the client hung up: nobody reads this
        (InvalidUsage, BadRequest),
    ):
        if isinstance(exception, kind):
            return translated()
    is_callers_fault = isinstance(exception, SanicException) and 400 <= exception.status_code < 500
    return BadRequest() if is_callers_fault else TesseraError()


def error_body(error: TesseraError, trace_id: str) -> bytes:
    return _encode(
        {
            "error": {
                "code": error.code,
                "message": error.message,
                "details": error.details,
                "trace_id": trace_id,
            }
        }
    )


def error_response(error: TesseraError) -> HTTPResponse:
    trace = current_trace() or continue_trace(None)
    headers = {"X-Request-Id": trace.trace_id, **error.headers}
    return HTTPResponse(
        error_body(error, trace.trace_id), status=error.status, headers=headers, content_type="application/json"
    )


def _methods_at(request: Request | None) -> list[str]:
    """The framework's exception names them only for paths without parameters."""
    return [] if request is None else [method for method in sorted(HTTPMethod) if _answers(request, method)]


def _answers(request: Request, method: str) -> bool:
    try:
        request.app.router.get(request.path, method, request.headers.get("host"))
    except SanicException:
        return False
    return True


def _route(request: Request | None) -> str | None:
    return getattr(request.ctx, "route", None) if request is not None else None
