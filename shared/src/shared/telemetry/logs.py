"""Logs: one JSON object a line, a fixed sentence plus ids; never a body, a token or an address with a query."""

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger

from shared.telemetry.tracing import current_trace

_LIBRARIES_AT_WARNING = (
    "sanic",
    "sanic.root",
    "sanic.server",
    "sanic.access",
    "aiormq",
    "aio_pika",
    "tortoise",
    "asyncio",
)


def configure_logging(level: str = "info", stream: TextIO | None = None) -> None:
    """Sends our own and the libraries' records to `stream` (standard error by default)."""
    shared_steps: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    structlog.configure(
        processors=[*shared_steps, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared_steps, structlog.processors.format_exc_info],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in _LIBRARIES_AT_WARNING:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(max(logging.WARNING, logging.root.level))


def get_logger(**ids: object) -> FilteringBoundLogger:
    logger: FilteringBoundLogger = structlog.get_logger(**ids)
    return logger


def _add_trace(_logger: object, _method: str, event: EventDict) -> EventDict:
    trace = current_trace()
    if trace is not None:
        event["trace_id"] = trace.trace_id
    return event
