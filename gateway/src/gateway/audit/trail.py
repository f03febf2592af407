"""The way of audit records to auth-service: noted without waiting, sent in batches, kept while the broker is away.

A batch has its id before it is first sent and keeps it, so that one which arrives twice is stored once. What does not
fit any more is counted, not waited for.
"""

import asyncio
import random
import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from gateway.audit.sightings import Sighting, record_of
from shared.events.envelope import Envelope, encode
from shared.events.gateway import AuditRecorded
from shared.ids import new_id
from shared.messaging.bus import Bus, OutgoingMessage, PublishFailed
from shared.supervision import PeriodicTask, SupervisedTask, Supervisor
from shared.telemetry.logs import get_logger
from shared.telemetry.metrics import Metrics

SERVICE = "gateway"
KEPT = 20_000
"""Sightings that may wait: a minute without a broker at 300 requests a second, some 20 MB, 100 MB at the very worst."""
BATCH = 250
PAUSE_SECONDS = 0.2
RETRY_SECONDS = 0.5
SLICE_SECONDS = 0.01
"""What is made of records in one turn of the event loop; each takes 10 us, with the worst of bodies 20 ms."""
FLUSH_SECONDS = 5.0

log = get_logger()


class AuditTrail:
    def __init__(self, bus: Bus, metrics: Metrics, *, kept: int = KEPT) -> None:
        self._bus = bus
        self._kept = kept
        self._waiting: deque[Sighting] = deque()
        self._batch: OutgoingMessage | None = None
        self._batch_size = 0
        self._task: SupervisedTask | None = None
        self._dropped = metrics.counter("tessera_audit_dropped_total", "Audit records that were lost", ["reason"])
        self._published = metrics.counter("tessera_audit_published_total", "Audit records handed to the broker")
        metrics.gauge_from("tessera_audit_waiting", "Audit records that wait to be sent", lambda: float(self.waiting))

    @property
    def waiting(self) -> int:
        return len(self._waiting) + self._batch_size

    def note(self, sighting: Sighting) -> None:
        if len(self._waiting) < self._kept:
            self._waiting.append(sighting)
        else:
            self._dropped.labels("full").inc()

    def start(self, tasks: Supervisor) -> None:
        """What cannot be sent stays where it is, for the next round."""
        self._task = tasks.start_periodic(PeriodicTask("send audit records", PAUSE_SECONDS, self._send_all, jitter=0.0))

    async def close(self) -> None:
        """Sends what waits, for at most FLUSH_SECONDS."""
        if self._task is not None:
            await self._task.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._send_all()
        if self.waiting:
            self._dropped.labels("stopped").inc(self.waiting)
            log.error("audit records were lost at the stop", records=self.waiting)

    async def _send_all(self) -> None:
        while self._batch is not None or self._waiting:
            if self._batch is None:
                await self._fill_batch()
            if not await self._send_batch():
                await asyncio.sleep(RETRY_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - jitter

    async def _fill_batch(self) -> None:
        """A cancellation in between must lose nothing: sightings leave the queue once they are in the batch."""
        taken = min(BATCH, len(self._waiting))
        records: list[msgspec.Raw] = []
        until = time.perf_counter() + SLICE_SECONDS
        for number in range(taken):
            if time.perf_counter() > until:
                await asyncio.sleep(0)
                until = time.perf_counter() + SLICE_SECONDS
            records += self._recorded(self._waiting[number])
        self._batch, self._batch_size = _message(records), len(records)
        for _ in range(taken):
            self._waiting.popleft()

    def _recorded(self, sighting: Sighting) -> list[msgspec.Raw]:
        """One, or none where a defect of ours stands in the way: the others are not to suffer from it."""
        try:
            return [msgspec.Raw(msgspec.json.encode(record_of(sighting)))]
        except Exception:
            log.exception("a request could not be recorded", trace_id=sighting.trace_id)
            self._dropped.labels("defect").inc()
            return []

    async def _send_batch(self) -> bool:
        assert self._batch is not None
        try:
            await self._bus.publish([self._batch])
        except PublishFailed:
            return False
        self._published.inc(self._batch_size)
        self._batch, self._batch_size = None, 0
        return True


def _message(records: list[msgspec.Raw]) -> OutgoingMessage:
    """`records` are AuditRecords in their wire form."""
    envelope = Envelope(
        id=new_id(),
        source=f"tessera/{SERVICE}",
        type=AuditRecorded.type,
        subject="requests",
        time=datetime.now(UTC),
        data=msgspec.Raw(msgspec.json.encode({"records": records})),
        schemaversion=AuditRecorded.schema_version,
    )
    return OutgoingMessage(SERVICE, AuditRecorded.type, envelope.id, encode(envelope))
