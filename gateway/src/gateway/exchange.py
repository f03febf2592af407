"""One request and its answer: routed, admitted, sent to its service and streamed back.

Everything that is known already (route, credential, open connection) is used at once, in the same turn of the event
loop; only what must be waited for starts a task. Both bodies go through piece by piece at the pace of the slower side.
"""

import asyncio
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from gateway.admission import expiry_line
from gateway.answers import CONTINUE, answer_framing
from gateway.audit.sightings import (
    ABANDONED,
    AGENT_BYTES,
    CAPTURED_BYTES,
    PATH_BYTES,
    Sighting,
    is_worth_recording,
    subject_in,
)
from gateway.cors import is_preflight
from gateway.entrance import Entry, Visitor
from gateway.errors import HeadTooLarge
from gateway.outgoing_head import UPGRADED, asks_for_websocket, trace_id_of
from gateway.parts import Parts
from gateway.request_body import ChunkedBody, LimitedBody, SizedBody
from gateway.request_head import SAFE_METHODS, RequestHead
from gateway.route_table import UNROUTED, Access, Service
from gateway.upstream import AnswerHead, UpstreamConnection, UpstreamPool
from shared.errors import Forbidden, TesseraError, TooLarge, UpstreamError, UpstreamTimeout
from shared.http.envelope import RequestTooSlow
from shared.identity import QUERY_HEADER
from shared.telemetry.logs import get_logger

if TYPE_CHECKING:
    from gateway.client_connection import ClientConnection

_LAST_CHUNK = b"0\r\n\r\n"
_FROM_QUERY = f"{QUERY_HEADER}: yes\r\n".encode()


class Exchange:
    _pool: UpstreamPool
    """Of the row's service."""

    def __init__(self, client: "ClientConnection", parts: Parts, head: RequestHead) -> None:
        self._client = client
        self._parts = parts
        self._head = head
        self._row = UNROUTED
        self._visitor = Visitor(head, parts.addresses.of(head, client.peer))
        self._trace_id = trace_id_of(head)
        self._started = self._sent = self._body_since = time.monotonic()
        self._body_bytes = 0
        self._body = LimitedBody(ChunkedBody() if head.is_chunked else SizedBody(head.content_length or 0))
        self._entry: Entry | None = None
        self._subject: bytes | None = None
        self._upstream: UpstreamConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_answering = False
        self._answers_in_chunks = False
        self._is_retried = False
        self._is_upstream_full = False
        self._keeps_alive = False

    def start(self) -> None:
        try:
            self._route()
        except TesseraError as error:
            self._refuse(error)

    # what the client connection tells

    def client_sent(self) -> None:
        if self._upstream is not None and not self._body.is_complete:
            self._send_body()

    def client_lost(self) -> None:
        """Nobody waits for the answer any more: the service is told by the end of its connection."""
        self._cancel_task()
        if not self._is_answering:
            self._note(ABANDONED, time.monotonic() - self._started)
        if self._upstream is not None:
            self._upstream.abort()

    def client_paused(self) -> None:
        if self._upstream is not None:
            self._upstream.pause_reading()
            self._client.wait_until(self._row.timeout)

    def client_resumed(self) -> None:
        if self._upstream is not None:
            self._upstream.resume_reading()
            self._wait_for_more()

    def deadline_passed(self) -> None:
        if self._is_answering:
            self._client.abort()
        elif self._upstream is not None and not self._body.is_complete and not self._is_upstream_full:
            self._refuse(RequestTooSlow())
        else:
            if self._upstream is not None:
                self._pool.breaker.failed()
            self._refuse(UpstreamTimeout())

    # what the upstream connection tells

    def answered(self, head: AnswerHead | None, pieces: list[bytes], *, is_complete: bool) -> None:
        out = [] if head is None else [self._begin_answer(head)]
        if self._answers_in_chunks:
            size = sum(map(len, pieces))
            if size:
                out += (b"%x\r\n" % size, *pieces, b"\r\n")
            if is_complete:
                out.append(_LAST_CHUNK)
        else:
            out += pieces
        self._wait_for_more()
        self._client.write(b"".join(out))
        if is_complete:
            self._complete()

    def upgraded(self, head: AnswerHead, rest: bytes) -> None:
        upstream, self._upstream = self._upstream, None
        if upstream is None:
            return
        if not asks_for_websocket(self._head, self._row):
            upstream.abort()
            self._refuse(UpstreamError())
            return
        self._pool.breaker.answered()
        origin = self._head.noted.get(b"origin")
        lines = UPGRADED + self._limit_lines()
        self._client.write(self._parts.answers.passed_on(101, head.headers, self._trace_id, origin, lines) + rest)
        self._observe(101)
        self._client.become_pipe(upstream.transport)

    def upstream_lost(self) -> None:
        upstream, self._upstream = self._upstream, None
        if self._is_answering:
            self._client.abort()  # the client must not take a part for the whole
        elif upstream is not None and upstream.was_used and self._head.is_replayable and not self._is_retried:
            self._is_retried = True
            self._task = asyncio.get_running_loop().create_task(self._prepare())
        else:
            self._pool.breaker.failed()
            self._refuse(UpstreamError())

    def upstream_paused(self) -> None:
        self._is_upstream_full = True
        self._client.pause_reading()
        self._client.wait_until(self._row.timeout)

    def upstream_resumed(self) -> None:
        self._is_upstream_full = False
        self._body_since, self._body_bytes = time.monotonic(), 0  # the time before was not the client's
        self._client.resume_reading()
        self._wait_for_more()

    # towards the service

    def _route(self) -> None:
        head, parts = self._head, self._parts
        if is_preflight(head):
            self._answer_preflight()
            return
        row = self._row = parts.routes.row(head.method, head.target.path)
        if row.access is Access.OPERATOR and not parts.addresses.is_operator(head, self._client.peer):
            raise Forbidden("Only operators may read this.")
        body_limit = row.body_limit_at(head.target.path)
        if (head.is_chunked and not body_limit) or (head.content_length or 0) > body_limit:
            raise TooLarge
        self._body.limit_to(body_limit)
        if row.recorded_bodies and head.method not in SAFE_METHODS:
            self._body.capture(CAPTURED_BYTES)
        if row.service is Service.GATEWAY:
            self._client.become_application(parts.outgoing.for_application(head, self._trace_id))
            return
        self._pool = parts.pools[row.service]
        self._client.wait_until(row.timeout)
        self._visitor.row = row
        self._entry = parts.entrance.at_once(self._visitor)
        if self._entry is not None:
            self._pool.breaker.check()
            upstream = self._pool.idle_connection(must_be_sure=not head.is_replayable)
            if upstream is not None:
                self._send(upstream)
                return
        self._task = asyncio.get_running_loop().create_task(self._prepare())

    async def _prepare(self) -> None:
        """The way to the service when something has to be waited for."""
        try:
            upstream = None
            if self._entry is None:
                self._entry = await self._parts.entrance.ask(self._visitor)
                self._pool.breaker.check()  # not before: whoever gets no further must not take the turn of a probe
                upstream = self._pool.idle_connection(must_be_sure=not self._head.is_replayable)
            if upstream is None:
                upstream = await self._pool.connect(attempts=1 if self._is_retried else 2)
            self._task = None
            self._send(upstream)
        except TesseraError as error:
            self._task = None
            self._refuse(error)
        except Exception:
            self._task = None
            get_logger().exception("a request could not be passed on", trace_id=self._trace_id)
            self._refuse(TesseraError())

    def _send(self, upstream: UpstreamConnection) -> None:
        """The body as far as it has come is looked at first: what cannot be read is not even announced."""
        self._client.wait_until(self._row.timeout)
        has_more = not self._body.is_complete
        awaits_continue = self._head.expects_continue and not self._client.received
        try:
            begun = self._body.pass_on(self._client.received) if has_more else b""
            head = self._outgoing_head()
        except TesseraError as error:
            self._pool.put_back(upstream)
            self._refuse(error)
            return
        self._upstream = upstream
        self._sent = self._body_since = time.monotonic()
        upstream.send(self, head + begun, asks_for_head=self._head.method == "HEAD")
        if has_more:
            if awaits_continue:
                self._client.write(CONTINUE)
            if not self._body.is_complete:
                self._wait_for_body(len(begun))
            self._client.resume_reading()

    def _send_body(self) -> None:
        if not self._client.received or self._upstream is None:
            return
        try:
            passed = self._body.pass_on(self._client.received)
        except TesseraError as error:
            self._refuse(error)
            return
        self._upstream.transport.write(passed)
        if self._body.is_complete:
            if not self._is_answering:
                self._client.wait_until(self._row.timeout)
        else:
            self._wait_for_body(len(passed))

    def _wait_for_body(self, came: int) -> None:
        """Neither long pauses nor a steady drip: each byte buys a little time, never more than one idle time."""
        limits = self._parts.limits
        self._body_bytes += came
        bought = self._body_bytes / limits.body_bytes_per_second - (time.monotonic() - self._body_since)
        if not self._is_answering:
            self._client.wait_until(min(0.0, bought) + limits.body_idle_seconds)

    def _outgoing_head(self) -> bytes:
        """Raises HeadTooLarge."""
        parts, row = self._parts, self._row
        identity = b""
        assert self._entry is not None
        admission, refusal = self._visitor.admission, self._visitor.refusal
        if refusal is not None:
            identity = parts.authenticator.refusal_line(refusal, row.service)
        elif admission is not None:
            identity = parts.authenticator.identity_line(admission, row.service)
            if row.service is Service.REALTIME:
                identity += expiry_line(admission) + (_FROM_QUERY if self._visitor.is_from_query else b"")
        outgoing = parts.outgoing.for_service(
            self._head,
            self._entry.target,
            row,
            host=self._pool.host_line,
            identity=identity,
            address=self._visitor.address,
            trace_id=self._trace_id,
        )
        if len(outgoing) > parts.limits.service_head:
            raise HeadTooLarge
        return outgoing

    # towards the client

    def _begin_answer(self, head: AnswerHead) -> bytes:
        self._is_answering = True
        self._pool.breaker.answered()
        self._keeps_alive = self._may_keep_alive()
        if self._row.is_way_in:
            self._subject = subject_in(head)
        framing, self._answers_in_chunks = answer_framing(head, self._head, keeps_alive=self._keeps_alive)
        self._observe(head.status)
        if head.status == HTTPStatus.NOT_MODIFIED and self._entry is not None:
            self._parts.entrance.give_back(self._entry)
        origin = self._head.noted.get(b"origin")
        headers, timing = head.headers, b""
        if self._row.tells_timing(self._head.method):
            timing = self._timing()
        else:
            headers = [field for field in headers if field[0].lower() != b"server-timing"]
        lines = framing + timing + self._limit_lines()
        return self._parts.answers.passed_on(head.status, headers, self._trace_id, origin, lines)

    def _timing(self) -> bytes:
        """A Server-Timing line (W3C) beside the service's own: milliseconds until the answer began."""
        now = time.monotonic()
        gateway, upstream = self._sent - self._started, now - self._sent
        return b"server-timing: gateway;dur=%.2f, upstream;dur=%.2f\r\n" % (gateway * 1000, upstream * 1000)

    def _complete(self) -> None:
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            if self._body.is_complete:
                upstream.release()
            else:
                upstream.abort()
        self._client.finished(keeps_alive=self._keeps_alive)

    def _refuse(self, error: TesseraError) -> None:
        """Ends the exchange with an answer of our own; the service, if it is at work already, loses its caller."""
        error.__traceback__ = None  # its frames hold the error: only the garbage collector would free them
        self._cancel_task()
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.abort()
        if self._is_answering:
            self._client.abort()
            return
        self._body.skip(self._client.received)
        keeps_alive = self._may_keep_alive()
        self._observe(error.status)
        origin = self._head.noted.get(b"origin")
        is_head = self._head.method == "HEAD"
        limits = self._limit_lines()
        self._client.write(
            self._parts.answers.error(
                error, self._trace_id, origin, closes=not keeps_alive, is_head=is_head, limits=limits
            )
        )
        self._client.finished(keeps_alive=keeps_alive)

    def _answer_preflight(self) -> None:
        keeps_alive = self._may_keep_alive()
        origin = self._head.noted[b"origin"]
        self._client.write(self._parts.answers.preflight(self._trace_id, origin, closes=not keeps_alive))
        self._client.finished(keeps_alive=keeps_alive)

    def _may_keep_alive(self) -> bool:
        return self._body.is_complete and self._head.keeps_alive and not self._client.must_close

    def _limit_lines(self) -> bytes:
        return b"" if self._entry is None else self._entry.permit.lines

    def _wait_for_more(self) -> None:
        if self._row.is_streaming and self._is_answering:
            self._client.wait_for_ever()
        else:
            self._client.wait_until(self._row.timeout)

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _observe(self, status: int) -> None:
        seconds = time.monotonic() - self._started
        self._parts.observe(self._head.method, self._row.path, status, seconds)
        self._note(status, seconds)

    def _note(self, status: int, seconds: float) -> None:
        """For the audit log."""
        head, admission = self._head, self._visitor.admission
        if not is_worth_recording(head.method, self._row, status, is_authenticated=admission is not None):
            return
        self._parts.audit.note(
            Sighting(
                time.time(),
                head.method,
                head.target.path[:PATH_BYTES],
                self._row,
                status,
                None if admission is None else admission.principal,
                self._subject,
                self._visitor.address,
                head.noted.get(b"user-agent", b"")[:AGENT_BYTES],
                self._body.captured,
                self._body.size,
                seconds,
                self._trace_id,
            )
        )
