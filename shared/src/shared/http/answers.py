"""How results become responses: one resource, a list, a creation, an accepted job, nothing."""

from collections.abc import AsyncIterator
from types import UnionType
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, Union, get_args, get_origin, runtime_checkable

import msgspec
from sanic.response import BaseHTTPResponse, HTTPResponse, ResponseStream

from shared.http.app import Request
from shared.http.conditions import entity_tag, is_not_modified
from shared.idempotency import StoredAnswer
from shared.pagination import PageOf

T = TypeVar("T")
HttpAnswer: TypeAlias = HTTPResponse | ResponseStream
JSON = "application/json"
_encode = msgspec.json.Encoder().encode


@runtime_checkable
class Closable(Protocol):
    """An iterator with work of its own that can be ended before its end, as an asynchronous generator can."""

    async def aclose(self) -> None: ...


class Created(msgspec.Struct, Generic[T], frozen=True):
    """201; `location` is the path of the new resource, where it has a GET of its own."""

    value: T
    location: str | None = None


class WithHeaders(msgspec.Struct, Generic[T], frozen=True):
    """Any of the other results, with more header lines (`Set-Cookie`). They are never stored for a repeat."""

    value: T
    headers: dict[str, str]


class Accepted(msgspec.Struct, Generic[T], frozen=True):
    """202; `location` is where it can be watched, if it can."""

    value: T
    location: str | None = None


class Bare(msgspec.Struct, frozen=True):
    """Base of answers that are not inside `data`: what they hold has a form of its own elsewhere."""


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """What a handler may answer: `Created[A] | Accepted[B]` are two kinds, anything else is one."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def render(result: Any) -> StoredAnswer:
    """The answer as bytes. The shapes are those of the public contract."""
    headers: dict[str, str] = {}
    status = 200
    if result is None:
        return StoredAnswer(204, headers, b"")
    if isinstance(result, PageOf | Bare):
        return StoredAnswer(status, headers, _encode(result))
    if isinstance(result, Created | Accepted):
        status = 201 if isinstance(result, Created) else 202
        if result.location is not None:
            headers["Location"] = result.location
        result = result.value
    body = _encode({"data": result})
    version = getattr(result, "version", None)
    if isinstance(version, int):
        headers["ETag"] = entity_tag(version, body)
    return StoredAnswer(status, headers, body)


def respond(request: Request, result: Any) -> HttpAnswer:
    if isinstance(result, ResponseStream) and request.method == "HEAD":
        return HTTPResponse(status=result.status, headers=result.headers, content_type=result.content_type)
    if isinstance(result, HTTPResponse | ResponseStream):
        return result
    if isinstance(result, WithHeaders):
        response = respond(request, result.value)
        for name, value in result.headers.items():
            response.headers.add(name, value)  # nested ones each set a cookie
        return response
    answer = render(result)
    tag = answer.headers.get("ETag")
    if tag and request.method in {"GET", "HEAD"} and is_not_modified(request.headers.get("if-none-match"), tag):
        return HTTPResponse(status=304, headers=answer.headers)
    return as_response(answer)


def as_response(answer: StoredAnswer) -> HTTPResponse:
    content_type = JSON if answer.body else None
    return HTTPResponse(answer.body, status=answer.status, headers=answer.headers, content_type=content_type)


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> HTTPResponse:
    """For documents outside the envelope (health, keys) and answers with headers of their own."""
    return HTTPResponse(_encode(value), status=status, headers=headers, content_type=JSON)


def streamed(
    parts: AsyncIterator[bytes], headers: dict[str, str], content_type: str, size: int | None = None
) -> ResponseStream:
    """Sent as it comes, as fast as the client takes it; `size` in bytes where it is known. No envelope.

    `parts` is closed at the end, also when the client hangs up. When it fails half-way the connection is cut: nobody
    takes what came for the whole.
    """

    async def send(response: BaseHTTPResponse | ResponseStream) -> None:
        assert isinstance(response, ResponseStream)  # Sanic's older form of streams is the other
        assert response.request is not None
        is_begun = False
        try:
            async for part in parts:
                await response.response.send(part)
                is_begun = True
        except BaseException:
            transport: Any = response.request.transport
            if is_begun and transport is not None:
                transport.abort()  # Sanic would end it in good order
            raise
        finally:
            if isinstance(parts, Closable):
                await parts.aclose()

    length = {} if size is None else {"Content-Length": str(size)}
    return ResponseStream(send, headers={**headers, **length}, content_type=content_type)
