"""Typed questions between services: contracts, the asking and the answering side. Errors travel as what they are."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Generic, TypeVar, get_args

import msgspec

from shared.errors import TesseraError, catalogue
from shared.messaging.bus import Bus, RequestFailed
from shared.telemetry.tracing import current_traceparent, trace_scope

DEFAULT_DEADLINE = 1.0
"""Seconds."""

AnswerT = TypeVar("AnswerT")


class Request(msgspec.Struct, Generic[AnswerT], frozen=True, kw_only=True):
    """Base of all request contracts: `class TopicAccess(Request[TopicAccessAnswer])` names its service and operation.

    A question that several services can answer leaves `service` empty; the asker then says whom it means.
    """

    service: ClassVar[str] = ""
    operation: ClassVar[str]
    Answer: ClassVar[type]

    def __init_subclass__(cls) -> None:
        (base,) = (base for base in cls.__dict__["__orig_bases__"] if get_args(base))
        (cls.Answer,) = get_args(base)


class Question(msgspec.Struct, frozen=True):
    data: msgspec.Raw
    traceparent: str | None = None


class Failure(msgspec.Struct, frozen=True):
    code: str
    message: str
    details: dict[str, Any]


class Reply(msgspec.Struct, frozen=True):
    """`data` is the answer, unless there is an `error`."""

    data: msgspec.Raw = msgspec.Raw(b"null")
    error: Failure | None = None


class Requests:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def ask(
        self, request: Request[AnswerT], *, service: str | None = None, deadline: float = DEFAULT_DEADLINE
    ) -> AnswerT:
        """Raises the TesseraError the answering side raised, or RequestTimeout, ServiceUnreachable, RequestFailed."""
        question = Question(_raw(request), current_traceparent())
        body = msgspec.json.encode(question)
        answer = await self._bus.call(service or request.service, request.operation, body, deadline=deadline)
        return _read_reply(answer, request.Answer)


class Responder:
    """Answers the requests to one service. Register with `on`, then `start`."""

    def __init__(self, bus: Bus, service: str) -> None:
        self._bus = bus
        self._service = service
        self._operations: dict[str, tuple[type[Request[Any]], Callable[[Any], Awaitable[Any]]]] = {}

    def on(self, contract: type[Request[AnswerT]], handler: Callable[[Any], Awaitable[AnswerT]]) -> None:
        if contract.service not in ("", self._service):
            raise ValueError(f"{contract.__name__} is a request to {contract.service}, not to {self._service}")
        self._operations[contract.operation] = contract, handler

    async def start(self) -> None:
        await self._bus.serve(self._service, self._answer)

    async def _answer(self, operation: str, body: bytes) -> bytes:
        contract, handler = self._operations[operation]
        question = msgspec.json.decode(body, type=Question)
        try:
            with trace_scope(question.traceparent):
                answer = await handler(msgspec.json.decode(question.data, type=contract))
        except TesseraError as error:
            reply = Reply(error=Failure(error.code, error.message, error.details))
        else:
            reply = Reply(data=_raw(answer))
        return msgspec.json.encode(reply)


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _read_reply(body: bytes, answer_type: type[AnswerT]) -> AnswerT:
    try:
        reply = msgspec.json.decode(body, type=Reply)
        if reply.error is None:
            return msgspec.json.decode(reply.data, type=answer_type)
    except msgspec.DecodeError as error:
        raise RequestFailed from error
    raise _revive(reply.error)


def _revive(failure: Failure) -> TesseraError:
    """Without the class's own constructor: it may take something else than what travels."""
    known = catalogue().get(failure.code)
    if known is None:
        return RequestFailed(details={"code": failure.code})
    error = known.__new__(known)
    wait = failure.details.get("retry_after")
    headers = {} if wait is None else {"Retry-After": str(wait)}
    TesseraError.__init__(error, failure.message, details=failure.details, headers=headers)
    return error
