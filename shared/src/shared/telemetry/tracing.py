"""Trace context (W3C traceparent) in every request and message; spans leave the process only when an exporter is set.

The header is `00-<32 hex trace id>-<16 hex span id>-<2 hex flags>`; an invalid one is replaced, never an error.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_EXPORT_TIMEOUT_SECONDS = 5


class TraceContext(NamedTuple):
    trace_id: str
    span_id: str
    flags: str = "01"

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


_current: ContextVar[TraceContext | None] = ContextVar("trace_context", default=None)


def read_traceparent(header: str | None) -> TraceContext | None:
    """None when the header is absent or is no valid traceparent (all-zero ids included)."""
    match = _TRACEPARENT.fullmatch(header) if header else None
    if match is None or match[1] == "0" * 32 or match[2] == "0" * 16:
        return None
    return TraceContext(match[1], match[2], match[3])


def continue_trace(header: str | None) -> TraceContext:
    """Makes a new span of the caller's trace, or of a new trace, the current one."""
    parent = read_traceparent(header)
    entropy = os.urandom(24).hex()
    context = TraceContext(parent.trace_id if parent else entropy[:32], entropy[32:], parent.flags if parent else "01")
    _current.set(context)
    return context


def current_trace() -> TraceContext | None:
    return _current.get()


def current_traceparent() -> str | None:
    context = _current.get()
    return context.traceparent if context else None


@contextmanager
def trace_scope(header: str | None) -> Iterator[TraceContext]:
    """The body runs in a span of the trace named by `header`; afterwards the former context is back."""
    before = _current.get()
    try:
        yield continue_trace(header)
    finally:
        _current.set(before)


class Tracer:
    """Exports spans to an OpenTelemetry collector; without an endpoint it does nothing and costs nothing."""

    def __init__(self, service: str, endpoint: str | None) -> None:
        self._provider: TracerProvider | None = None
        if endpoint:
            self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
            exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=_EXPORT_TIMEOUT_SECONDS)
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
            self._tracer = self._provider.get_tracer("tessera")

    def begin(
        self, name: str, header: str | None, kind: SpanKind = SpanKind.SERVER
    ) -> tuple[TraceContext, otel.Span | None]:
        """Makes a new span, child of the one named by `header`, the current one; without an endpoint it has no Span."""
        if self._provider is None:
            return continue_trace(header), None
        span = self._tracer.start_span(name, context=_parent(header), kind=kind)
        made = span.get_span_context()
        context = TraceContext(f"{made.trace_id:032x}", f"{made.span_id:016x}", f"{made.trace_flags:02x}")
        _current.set(context)
        return context, span

    def end(self, span: otel.Span | None, name: str, status: int) -> None:
        if span is not None:
            span.update_name(name)
            span.set_attribute("http.response.status_code", status)
            span.set_status(Status(StatusCode.ERROR if status >= 500 else StatusCode.UNSET))
            span.end()

    def close(self) -> None:
        """Sends what is left. Blocks for a few seconds at the most: call it in a thread."""
        if self._provider is not None:
            self._provider.shutdown()


def _parent(header: str | None) -> Context | None:
    parent = read_traceparent(header)
    if parent is None:
        return None
    context = SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), True, TraceFlags(int(parent.flags, 16)))
    return otel.set_span_in_context(NonRecordingSpan(context))
