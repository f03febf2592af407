"""Declaring operations: one decorator that binds, answers and describes a handler.

A route is authenticated unless it says `public=True`; a POST of an authenticated caller honours Idempotency-Key
unless it says `replayable=False` (answers that carry tokens must not be stored). What a use case answers without
a unit of work is not stored either: it changed nothing, so a repeat simply runs again.
API keys reach the operations of groups that name a resource, as far as their scopes go; all others are closed to them.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Required, TypedDict, TypeVar, Unpack, get_args, get_origin

from shared.errors import FieldError, Forbidden, TesseraError, ValidationFailed
from shared.http.answers import Accepted, Created, HttpAnswer, alternatives, as_response, render, respond
from shared.http.app import READING, App, Request
from shared.http.binding import Signature, make_binder, read_signature
from shared.idempotency import MAX_KEY_LENGTH, IdempotencyScope, ReplayAnswer, current_scope
from shared.identity import HEADER, IdentityVerifier
from shared.scopes import checked_resource, permits
from shared.sealing import Seal

BOUND_ASIDE_BYTES = 1024 * 1024
"""Reading a larger body takes so long that others would wait for it: a thread does."""
AUTHORIZED_FIRST_BYTES = 64 * 1024
"""A larger body is not looked at before `Operation.authorize` has let its sender pass."""
ANY_TYPE = "*/*"
FORM = "multipart/form-data"
FORM_FIELD = "file"
"""The part of a form that is the file."""

_OPEN = re.compile(r"\{(\w+)\}")

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Any]])


class Raw(NamedTuple):
    """An answer that its handler makes itself. `shape` is what its JSON has in `data`; None: a file."""

    media_type: str
    status: int = 200
    shape: Any = None
    is_conditional: bool = False
    """It has an entity tag, and is 304 where that is known already."""


class OperationFacts(TypedDict, total=False):
    """What a declaration says beside method and path; `Operation` has the defaults."""

    summary: Required[str]
    errors: Sequence[type[TesseraError]]
    public: bool
    replayable: bool
    confidential: bool
    documented: bool
    location: str
    streams_body: bool
    streams_events: bool
    downloads: Any
    takes: Mapping[str, Any]
    gives: Raw
    authorize: Callable[..., Awaitable[None]]


class About(OperationFacts, total=False):
    closed_to_keys: bool
    """Whatever the group says, API keys do not get here."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path, as it is served and documented.

    `location` is the path template of what a POST creates; the name that the route's path lacks is its id.
    """

    method: str
    path: str
    tag: str
    handler: Callable[..., Awaitable[Any]]
    signature: Signature
    summary: str
    resource: str | None = None
    """What the scopes of an API key must name; None: closed to keys."""
    errors: Sequence[type[TesseraError]] = ()
    public: bool = False
    replayable: bool = True
    confidential: bool = False
    """The answer holds a secret that is shown this once: for a repeat it is kept sealed, and no cache keeps it."""
    documented: bool = True
    location: str | None = None
    takes: Mapping[str, Any] = field(default_factory=dict)
    """The media types of a body that the handler reads itself, each with the shape of its JSON; None: a file."""
    gives: Raw | None = None
    """Where the handler answers for itself."""
    streams_body: bool = False
    """The handler reads the body itself, from `request.stream`, and bounds it. Its bytes are not in the fingerprint of
    an idempotency key until the handler says so (`fingerprint_body`)."""
    streams_events: bool = False
    """An answer that is a stream has server-sent events in it; without this it is a file."""
    downloads: Any = None
    """The shape of the items of a list that can be downloaded as well: as CSV, or as a JSON array."""
    authorize: Callable[..., Awaitable[None]] | None = None
    """For operations with large bodies. Takes what a handler can take, but no body and no query, and raises what the
    handler would raise for a caller without the right. It is asked before a large or streamed body is read; the handler
    asks again, in its transaction."""

    @property
    def honours_keys(self) -> bool:
        return self.replayable and not self.public and self.method == "POST"

    @property
    def caching(self) -> str | None:
        """What caches are told where the handler says nothing: a cookie alone does not tell them whose an answer is."""
        if self.method == "POST" and (self.confidential or not self.honours_keys):
            return "no-store"  # credentials
        return "private, no-cache" if self.method == "GET" and not self.public else None

    def result_of(self, value: Any, path: Mapping[str, str]) -> Any:
        """The bare value, which is all a use case can name for a repeat, becomes what the handler answers."""
        kind = _kind_of(self.signature.answer, value)
        if kind is Accepted and not isinstance(value, Accepted):
            return Accepted(value)
        if kind is not Created:
            return value
        created = value if isinstance(value, Created) else Created(value)
        if self.location is None or created.location is not None:
            return created
        return Created(created.value, _OPEN.sub(lambda name: path.get(name[1], str(created.value.id)), self.location))


class Routes:
    """A group of operations that the documentation shows together under `tag`.

    API keys with a scope for `resource` may use them: `read` for GET, `write` for the rest.
    """

    def __init__(self, tag: str, *, resource: str | None = None) -> None:
        self.tag = tag
        self.resource = checked_resource(resource)
        self.operations: list[Operation] = []

    def get(self, path: str, **about: Unpack[About]) -> Callable[[Handler], Handler]:
        return self.add("GET", path, **about)

    def post(self, path: str, **about: Unpack[About]) -> Callable[[Handler], Handler]:
        return self.add("POST", path, **about)

    def put(self, path: str, **about: Unpack[About]) -> Callable[[Handler], Handler]:
        return self.add("PUT", path, **about)

    def patch(self, path: str, **about: Unpack[About]) -> Callable[[Handler], Handler]:
        return self.add("PATCH", path, **about)

    def delete(self, path: str, **about: Unpack[About]) -> Callable[[Handler], Handler]:
        return self.add("DELETE", path, **about)

    def add(
        self, method: str, path: str, *, closed_to_keys: bool = False, **about: Unpack[OperationFacts]
    ) -> Callable[[Handler], Handler]:
        """The handler is returned as it was, so that it can be declared under several paths."""
        resource = None if closed_to_keys else self.resource

        def declare(handler: Handler) -> Handler:
            signature = read_signature(handler, path)
            self.operations.append(
                Operation(
                    method=method,
                    path=path,
                    tag=self.tag,
                    resource=resource,
                    handler=handler,
                    signature=signature,
                    **about,
                )
            )
            return handler

        return declare


def _kind_of(answer: Any, value: Any) -> Any:
    """`Created`, `Accepted` or another; where an answer can be either, the one that holds such a value."""
    options = alternatives(answer)
    if len(options) == 1:
        return get_origin(answer)
    kinds = [option for option in options if get_origin(option) in (Created, Accepted)]
    return next((get_origin(kind) for kind in kinds if isinstance(value, (get_origin(kind), *get_args(kind)))), None)


def mount(
    app: App, groups: Sequence[Routes], parts: Mapping[type, Any], identities: IdentityVerifier, seal: Seal
) -> None:
    """Serves all operations of the groups from `app`. `seal` is for answers that are kept."""
    for number, operation in enumerate(operation for group in groups for operation in group.operations):
        app.add_route(
            _endpoint(operation, parts, identities, seal),  # type: ignore[arg-type] # Sanic takes streams, too
            operation.path.replace("{", "<").replace("}", ":str>"),
            methods=READING if operation.method == "GET" else [operation.method],
            name=f"{operation.handler.__name__}_{number}",
            stream=operation.streams_body,
            error_format="json",  # what Sanic would find out by reading the handler's source, at every start
        )


def _endpoint(
    operation: Operation, parts: Mapping[type, Any], identities: IdentityVerifier, seal: Seal
) -> Callable[..., Coroutine[Any, Any, HttpAnswer]]:
    bind = make_binder(operation.signature, parts)
    authorize = _authorization(operation, parts)

    async def endpoint(request: Request, **path: str) -> HttpAnswer:
        request.ctx.route = operation.path
        if not operation.public:
            request.ctx.principal = identities.verify(request.headers.get(HEADER))
            if not permits(request.ctx.principal.scopes, operation.resource, operation.method):
                raise Forbidden("The scopes of this API key do not allow that.")
        if operation.streams_body or len(request.body) > AUTHORIZED_FIRST_BYTES:
            await authorize(request, path)
        if len(request.body) > BOUND_ASIDE_BYTES:
            arguments = await asyncio.to_thread(bind, request, path)
        else:
            arguments = bind(request, path)
        if operation.honours_keys and "idempotency-key" in request.headers:
            scope = _scope_of(request, operation, path, seal if operation.confidential else None)
            response = await _once(scope, _run(request, operation, arguments, path))
        else:
            response = await _run(request, operation, arguments, path)
        if operation.caching is not None:
            response.headers.setdefault("Cache-Control", operation.caching)
        return response

    return endpoint


def _authorization(
    operation: Operation, parts: Mapping[type, Any]
) -> Callable[[Request, dict[str, str]], Awaitable[None]]:
    check = operation.authorize
    if check is None:
        return _allow
    bind = make_binder(read_signature(check, operation.path), parts)

    async def authorize(request: Request, path: dict[str, str]) -> None:
        await check(**bind(request, path))

    return authorize


async def _allow(_request: Request, _path: dict[str, str]) -> None:
    """For operations whose body is never large: their handler decides."""


async def _run(
    request: Request, operation: Operation, arguments: dict[str, Any], path: Mapping[str, str]
) -> HttpAnswer:
    return respond(request, operation.result_of(await operation.handler(**arguments), path))


async def _once(scope: IdempotencyScope, running: Awaitable[HttpAnswer]) -> HttpAnswer:
    """The unit of work inside claims the scope's key and stores the answer; where none is opened, nothing is kept."""
    token = current_scope.set(scope)
    try:
        return await running
    except ReplayAnswer as replay:
        response = as_response(scope.opened(replay.answer))
        response.headers["Idempotent-Replayed"] = "true"
        return response
    finally:
        current_scope.reset(token)


def _scope_of(request: Request, operation: Operation, path: Mapping[str, str], seal: Seal | None) -> IdempotencyScope:
    return IdempotencyScope(
        request.ctx.principal.user_id,
        _read_key(request.headers.getall("idempotency-key")),
        _fingerprint(request),
        lambda value: render(operation.result_of(value, path)),
        seal,
    )


def _read_key(given: list[str]) -> str:
    key = given[0] if len(given) == 1 else ""
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not (key.isascii() and key.isprintable()):
        reason = f"Give one key of 1 to {MAX_KEY_LENGTH} printable ASCII characters."
        raise ValidationFailed([FieldError("header.Idempotency-Key", "invalid_format", reason)])
    return key


def _fingerprint(request: Request) -> bytes:
    target = f"{request.method} {request.path}?{request.query_string}\n"
    return hashlib.sha256(target.encode() + request.body).digest()
