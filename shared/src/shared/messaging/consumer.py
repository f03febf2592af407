"""What happens to the events a service receives: once each, in a transaction - and the one policy for failures.

Events of one tenant that wait together share a transaction. Should it fail, each gets one of its own, and the policy
meets only those that fail again:

- A defect counts. After MAX_ATTEMPTS tries the event is a dead letter.
- A database that cannot write a probe either is away for everybody: the event waits, however long that takes.
- One that writes the probe and fails the event fails because of the event: that counts, to MAX_TRANSIENT_ATTEMPTS.
- Another service or the broker that is away, or slow for all events of a type, does not count; MAX_WAIT is the end.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

import msgspec
from structlog.typing import FilteringBoundLogger

from shared.db.failures import DatabaseUnavailable, TransactionConflict
from shared.db.unit_of_work import Work
from shared.errors import Unavailable, UpstreamTimeout
from shared.events.envelope import Envelope, Event, decode
from shared.events.registry import InvalidEvent, Registry, UnknownEvent
from shared.ids import new_id
from shared.messaging.bus import (
    MAX_ATTEMPTS,
    RETRY_DELAYS,
    Binding,
    Bus,
    Delivery,
    PublishFailed,
    QueueSpec,
    RequestTimeout,
)
from shared.messaging.queues import queue_of
from shared.telemetry.logs import get_logger
from shared.telemetry.metrics import Metrics
from shared.telemetry.tracing import trace_scope

HANDLER_SECONDS = 30.0
"""For one event, or for those of a tenant together: what takes longer is a defect, and its queue waits behind it."""

MAX_TRANSIENT_ATTEMPTS = 12
"""Tries of an event that alone finds the database unavailable: about 17 minutes, longer than a lock of a migration."""

MAX_WAIT = timedelta(days=3)
"""From an event's first failure; longer than a weekend without another service, shorter than the inbox remembers."""

SAME_TYPE_SECONDS = 300.0
"""A request that times out is the event's own fault when others of its type were applied so short a time ago."""

TRANSIENT = (Unavailable, UpstreamTimeout, PublishFailed)
"""The world around the handler may be at fault, not the event."""

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


class _ProbeSucceeded(Exception):
    """Ends the probe's transaction without a trace."""


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
        handler_seconds: float = HANDLER_SECONDS,
    ) -> None:
        self._handler_seconds = handler_seconds
        self._database = database
        self._inbox = inbox
        self._registry = registry
        self._queue = queue_of(service)
        self._metrics = metrics
        self._retry_delays = retry_delays
        self._handlers: dict[str, list[Handler[Any]]] = {}
        self._applied_at: dict[str, float] = {}

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
                self._log(envelope).warning(
                    "an event has to wait", error=type(error).__name__, attempt=delivery.attempt
                )
                self._count(await self._postpone(received, error))
            except Exception as error:
                self._log(envelope).exception("an event could not be applied", attempt=delivery.attempt)
                self._count(await self._count_failure(delivery, error))
            else:
                await self._acknowledge(received, is_new)

    async def _apply(self, batch: Sequence[_Received]) -> list[bool]:
        """Whether each was new. All are of one tenant."""
        async with (
            asyncio.timeout(self._handler_seconds),
            self._open_work(batch[0].envelope.tenantid) as work,
        ):
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

    async def _count_failure(self, delivery: Delivery, error: Exception, limit: int = MAX_ATTEMPTS) -> Outcome:
        if delivery.attempt >= limit:
            await delivery.dead_letter(f"{type(error).__name__}: the handler failed {delivery.attempt} times.")
            return Outcome.DEAD
        await delivery.retry(self._retry_delays[min(delivery.attempt, len(self._retry_delays)) - 1])
        return Outcome.RETRIED

    async def _postpone(self, received: _Received, error: Exception) -> Outcome:
        delivery = received.delivery
        if not await self._database_writes(received.envelope.tenantid):
            await delivery.retry(self._retry_delays[0], counted=False)
            return Outcome.POSTPONED
        if self._is_at_fault(received.envelope.type, error):
            return await self._count_failure(delivery, error, MAX_TRANSIENT_ATTEMPTS)
        if delivery.first_failed is not None and datetime.now(UTC) - delivery.first_failed > MAX_WAIT:
            await delivery.dead_letter(
                f"{type(error).__name__}: what the handler needs was away for {MAX_WAIT.days} days."
            )
            return Outcome.DEAD
        await delivery.retry(self._retry_delays[0], counted=False)
        return Outcome.POSTPONED

    async def _database_writes(self, tenant_id: UUID | None) -> bool:
        """Tried where handlers write, and rolled back. Reading would prove little: a full disk can still be read."""
        try:
            async with self._open_work(tenant_id) as work:
                await self._inbox.remember(work, f"{self._queue} probe", [new_id()])
                raise _ProbeSucceeded
        except _ProbeSucceeded:
            return True
        except TRANSIENT:
            return False

    def _is_at_fault(self, type_name: str, error: Exception) -> bool:
        """Whether a transient failure comes from the event, at a moment when the database writes."""
        if isinstance(error, DatabaseUnavailable | TransactionConflict):
            return True
        applied_at = self._applied_at.get(type_name, float("-inf"))
        return isinstance(error, RequestTimeout) and time.monotonic() - applied_at < SAME_TYPE_SECONDS

    def _log(self, envelope: Envelope) -> FilteringBoundLogger:
        return get_logger(consumer=self._queue, type=envelope.type, event_id=str(envelope.id))

    async def _acknowledge(self, received: _Received, is_new: bool) -> None:
        await received.delivery.ack()
        if is_new:
            self._applied_at[received.envelope.type] = time.monotonic()
            self._count(Outcome.APPLIED)
            age = (datetime.now(UTC) - received.envelope.time).total_seconds()
            self._metrics.consumer_lag.labels(self._queue).observe(max(0.0, age))
        else:
            self._count(Outcome.REPEATED)
            self._metrics.inbox_duplicates.labels(self._queue).inc()

    def _count(self, outcome: Outcome) -> None:
        self._metrics.consumed.labels(self._queue, outcome).inc()


def publisher_of(event_type: str) -> str:
    """The first word of an event's type is the service that publishes it."""
    return event_type.partition(".")[0]
