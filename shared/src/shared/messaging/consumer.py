"""What happens to the events a service receives: once each, in a transaction - and the one policy for failures.

Events of one tenant that wait together share a transaction. Should it fail, each gets one of its own, and the policy
meets only those that fail again.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple, Protocol, TypeVar
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

    def unit_of_work(self, tenant_id: UUID) -> AbstractAsyncContextManager[Work]: ...

    def system_work(self) -> AbstractAsyncContextManager[Work]: ...


class SeenEvents(Protocol):
    """The part of `shared.messaging.inbox.Inbox` that consuming needs."""

    async def remember(self, work: Work, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]: ...


class _Received(NamedTuple):
    delivery: Delivery
    envelope: Envelope
    event: Event


class Consumers:
    """The events one service consumes from its queue `<service>.events`. Register with `on`, then `start`.

    Handlers run in a unit of work of the event's tenant, or of the system for an event without one. It remembers
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

    async def receive(self, deliveries: Sequence[Delivery]) -> None:
        received = [each for delivery in deliveries if (each := await self._read(delivery)) is not None]
        for _, of_one_tenant in groupby(received, lambda each: each.envelope.tenantid):
            await self._settle(list(of_one_tenant))

    async def _read(self, delivery: Delivery) -> _Received | None:
        """None for what is settled by that: nothing of ours, or nothing that anybody could read.

        A binding that a former version made outlives its handler: what nobody handles is unknown too.
        """
        try:
            envelope = decode(delivery.body)
            if envelope.type not in self._handlers:
                raise UnknownEvent(envelope.type)
            return _Received(delivery, envelope, self._registry.read(envelope))
        except UnknownEvent:
            await delivery.ack()
            self._count(Outcome.UNKNOWN)
        except (InvalidEvent, msgspec.DecodeError, UnicodeDecodeError):
            await delivery.dead_letter("InvalidEvent: the message does not fit its contract.")
            self._count(Outcome.INVALID)
        return None

    async def _settle(self, batch: Sequence[_Received]) -> None:
        if len(batch) == 1 or not await self._apply_together(batch):
            for each in batch:
                await self._apply_or_postpone(each)

    async def _apply_together(self, batch: Sequence[_Received]) -> bool:
        try:
            are_new = await self._apply(batch)
        except Exception as error:
            get_logger(consumer=self._queue).info("events are applied one by one", reason=type(error).__name__)
            return False
        for each, is_new in zip(batch, are_new, strict=True):
            await self._acknowledge(each, is_new)
        return True

    async def _apply_or_postpone(self, received: _Received) -> None:
        delivery, envelope, _ = received
        with trace_scope(envelope.traceparent):
            try:
                [is_new] = await self._apply([received])
            except TRANSIENT as error:
                self._log(envelope).warning("an event has to wait", error=type(error).__name__)
                await delivery.retry(self._retry_delays[0], counted=False)
                self._count(Outcome.POSTPONED)
            except Exception as error:
                self._log(envelope).exception("an event could not be applied", attempt=delivery.attempt)
                self._count(await self._count_failure(delivery, error))
            else:
                await self._acknowledge(received, is_new)

    async def _apply(self, batch: Sequence[_Received]) -> list[bool]:
        """Whether each was new. All are of one tenant."""
        async with self._open_work(batch[0].envelope.tenantid) as work:
            unseen = await self._inbox.remember(work, self._queue, [each.envelope.id for each in batch])
            return [await self._apply_once(work, each, unseen) for each in batch]

    async def _apply_once(self, work: Work, received: _Received, unseen: set[UUID]) -> bool:
        _, envelope, event = received
        if envelope.id not in unseen:
            return False
        unseen.remove(envelope.id)
        work.actor_id = envelope.actorid
        with trace_scope(envelope.traceparent):
            for handler in self._handlers[envelope.type]:
                await handler(work, event, envelope)
        return True

    def _open_work(self, tenant_id: UUID | None) -> AbstractAsyncContextManager[Work]:
        return self._database.system_work() if tenant_id is None else self._database.unit_of_work(tenant_id)

    async def _count_failure(self, delivery: Delivery, error: Exception) -> Outcome:
        if delivery.attempt >= MAX_ATTEMPTS:
            await delivery.dead_letter(f"{type(error).__name__}: the handler failed {delivery.attempt} times.")
            return Outcome.DEAD
        await delivery.retry(self._retry_delays[min(delivery.attempt, len(self._retry_delays)) - 1])
        return Outcome.RETRIED

    def _log(self, envelope: Envelope) -> FilteringBoundLogger:
        return get_logger(consumer=self._queue, type=envelope.type, event_id=str(envelope.id))

    async def _acknowledge(self, received: _Received, is_new: bool) -> None:
        await received.delivery.ack()
        if is_new:
            self._count(Outcome.APPLIED)
            age = (datetime.now(UTC) - received.envelope.time).total_seconds()
            self._metrics.consumer_lag.labels(self._queue).observe(max(0.0, age))
        else:
            self._count(Outcome.REPEATED)
            self._metrics.inbox_duplicates.labels(self._queue).inc()

    def _count(self, outcome: Outcome) -> None:
        self._metrics.consumed.labels(self._queue, outcome).inc()


def queue_of(service: str) -> str:
    """The name of the queue a service consumes its events from."""
    return f"{service}.events"


def publisher_of(event_type: str) -> str:
    """The first word of an event's type is the service that publishes it."""
    return event_type.partition(".")[0]
