"""What happens to an event a service receives: once per event, in one transaction - and the one policy for failures."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec
from structlog.typing import FilteringBoundLogger

from shared.db.unit_of_work import Work
from shared.errors import Unavailable, UpstreamTimeout
from shared.events.envelope import Envelope, Event, decode
from shared.events.registry import InvalidEvent, Registry, UnknownEvent
from shared.messaging.bus import RETRY_DELAYS, Binding, Bus, Delivery, PublishFailed, QueueSpec
from shared.telemetry.logs import get_logger
from shared.telemetry.metrics import Metrics
from shared.telemetry.tracing import trace_scope

MAX_ATTEMPTS = 5

TRANSIENT = (Unavailable, UpstreamTimeout, PublishFailed)
"""The world around the handler is at fault, not the event: tried again for as long as it takes."""

EventT = TypeVar("EventT", bound=Event)
Handler = Callable[[Work, EventT, Envelope], Awaitable[None]]


class Outcome(StrEnum):
    APPLIED = "applied"
    REPEATED = "repeated"
    UNKNOWN = "unknown"
    INVALID = "invalid"
    POSTPONED = "postponed"
    RETRIED = "retried"
    DEAD = "dead"


class UnitsOfWork(Protocol):
    """The part of `shared.db.databases.Database` that consuming needs."""

    def unit_of_work(self, tenant_id: UUID, *, actor_id: UUID | None = None) -> AbstractAsyncContextManager[Work]: ...

    def system_work(self) -> AbstractAsyncContextManager[Work]: ...


class SeenEvents(Protocol):
    """The part of `shared.messaging.inbox.Inbox` that consuming needs."""

    async def first_time(self, work: Work, consumer: str, event_id: UUID) -> bool: ...


class Consumers:
    """The events one service consumes from its queue `<service>.events`. Register with `on`, then `start`.

    Handlers run in one unit of work of the event's tenant, or of the system for an event without one. It remembers
    the event too, so that a repeated delivery has no effect. `retry_delays`: seconds before the second, third, ... try.
    """

    def __init__(
        self,
        database: UnitsOfWork,
        inbox: SeenEvents,
        registry: Registry,
        service: str,
        metrics: Metrics,
        retry_delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._registry = registry
        self._queue = queue_of(service)
        self._metrics = metrics
        self._retry_delays = retry_delays
        self._handlers: dict[str, list[Handler[Any]]] = {}

    def on(self, contract: type[EventT], handler: Handler[EventT]) -> None:
        """Several handlers of one event share its transaction and run in order of registration."""
        self._handlers.setdefault(contract.type, []).append(handler)

    async def start(self, bus: Bus) -> None:
        bindings = tuple(Binding(publisher_of(type_name), type_name) for type_name in sorted(self._handlers))
        await bus.consume(QueueSpec(self._queue, bindings), self.receive)

    async def receive(self, delivery: Delivery) -> None:
        outcome = await self._settle(delivery)
        self._metrics.consumed.labels(self._queue, outcome).inc()

    async def _settle(self, delivery: Delivery) -> Outcome:
        try:
            envelope, event = self._read(delivery.body)
        except UnknownEvent:
            await delivery.ack()
            return Outcome.UNKNOWN
        except (InvalidEvent, msgspec.DecodeError, UnicodeDecodeError):
            await delivery.dead_letter("InvalidEvent: the message does not fit its contract.")
            return Outcome.INVALID
        with trace_scope(envelope.traceparent):
            return await self._apply_or_postpone(delivery, envelope, event)

    def _read(self, body: bytes) -> tuple[Envelope, Event]:
        """A binding that a former version made outlives its handler: what nobody handles is unknown too."""
        envelope = decode(body)
        if envelope.type not in self._handlers:
            raise UnknownEvent(envelope.type)
        return envelope, self._registry.read(envelope)

    async def _apply_or_postpone(self, delivery: Delivery, envelope: Envelope, event: Event) -> Outcome:
        try:
            is_new = await self._apply(envelope, event)
        except TRANSIENT as error:
            self._log(envelope).warning("an event has to wait", error=type(error).__name__)
            await delivery.retry(self._retry_delays[0], counted=False)
            return Outcome.POSTPONED
        except Exception as error:
            self._log(envelope).exception("an event could not be applied", attempt=delivery.attempt)
            return await self._count_failure(delivery, error)
        await delivery.ack()
        return self._observe_effect(envelope, is_new)

    async def _apply(self, envelope: Envelope, event: Event) -> bool:
        async with self._open_work(envelope) as work:
            if not await self._inbox.first_time(work, self._queue, envelope.id):
                return False
            for handler in self._handlers[envelope.type]:
                await handler(work, event, envelope)
        return True

    def _open_work(self, envelope: Envelope) -> AbstractAsyncContextManager[Work]:
        if envelope.tenantid is None:
            return self._database.system_work()
        return self._database.unit_of_work(envelope.tenantid, actor_id=envelope.actorid)

    async def _count_failure(self, delivery: Delivery, error: Exception) -> Outcome:
        if delivery.attempt >= MAX_ATTEMPTS:
            await delivery.dead_letter(f"{type(error).__name__}: the handler failed {delivery.attempt} times.")
            return Outcome.DEAD
        await delivery.retry(self._retry_delays[min(delivery.attempt, len(self._retry_delays)) - 1])
        return Outcome.RETRIED

    def _log(self, envelope: Envelope) -> FilteringBoundLogger:
        return get_logger(consumer=self._queue, type=envelope.type, event_id=str(envelope.id))

    def _observe_effect(self, envelope: Envelope, is_new: bool) -> Outcome:
        if not is_new:
            self._metrics.inbox_duplicates.labels(self._queue).inc()
            return Outcome.REPEATED
        age = (datetime.now(UTC) - envelope.time).total_seconds()
        self._metrics.consumer_lag.labels(self._queue).observe(max(0.0, age))
        return Outcome.APPLIED


def queue_of(service: str) -> str:
    """The name of the queue a service consumes its events from."""
    return f"{service}.events"


def publisher_of(event_type: str) -> str:
    """The first word of an event's type is the service that publishes it."""
    return event_type.partition(".")[0]
