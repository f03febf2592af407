"""The way of audit records to auth-service: noted without waiting, sent in batches, kept while the broker is away.

A batch has its id before it is first sent and keeps it, so that one which arrives twice is stored once. What does not
fit any more is counted, not waited for. Callers and strangers have rooms of their own: whatever strangers send, they
take no place from a caller's record.
"""

import asyncio
import math
import random
import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice

import msgspec

from gateway.audit.aggregation import Aggregation, Group
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
"""Of callers, that may wait: a minute without a broker at 300 requests a second, some 20 MB, at the worst 100 MB."""
KEPT_OF_STRANGERS = 5_000
"""Records about strangers that may wait: five minutes without a broker while a thousand addresses are at it."""
BATCH = 250
STRANGERS_SHARE = 50
"""Of a batch, however many records of callers wait."""
PAUSE_SECONDS = 0.2
RETRY_SECONDS = 0.5
SLICE_SECONDS = 0.01
"""What is made of records in one turn of the event loop; each takes 10 us, with the worst of bodies 20 ms."""
FLUSH_SECONDS = 5.0

log = get_logger()


class AuditTrail:
    def __init__(
        self, bus: Bus, metrics: Metrics, *, kept: int = KEPT, kept_of_strangers: int = KEPT_OF_STRANGERS
    ) -> None:
        self._bus = bus
        self._callers = _Room(kept)
        self._strangers = _Room(kept_of_strangers)
        self._batch: OutgoingMessage | None = None
        self._batch_size = 0
        self._task: SupervisedTask | None = None
        self._dropped = metrics.counter("tessera_audit_dropped_total", "Audit records that were lost", ["reason"])
        for reason in ("full", "stopped", "defect"):
            self._dropped.labels(reason)  # there from the start: an alert sees a number rise and not appear
        self._published = metrics.counter("tessera_audit_published_total", "Audit records handed to the broker")
        metrics.gauge_from("tessera_audit_waiting", "Audit records that wait to be sent", lambda: float(self.waiting))

    @property
    def waiting(self) -> int:
        """What is still being aggregated counts once for each group."""
        return len(self._callers) + len(self._strangers) + self._batch_size

    def note(self, sighting: Sighting) -> None:
        """Alone is recorded what a caller does, and each sign-in to an account that exists: auth-service bounds them.

        Together is recorded what belongs to nobody, and what is beyond a limit.
        """
        is_known = sighting.principal is not None or (sighting.subject is not None and sighting.status < 400)
        room = self._callers if is_known else self._strangers
        is_single = (is_known or sighting.subject is not None) and sighting.status != HTTPStatus.TOO_MANY_REQUESTS
        lost = room.add(sighting) if is_single else room.aggregate(sighting)
        if lost:
            self._dropped.labels("full").inc(lost)

    def start(self, tasks: Supervisor) -> None:
        """What cannot be sent stays where it is, for the next round."""
        self._task = tasks.start_periodic(PeriodicTask("send audit records", PAUSE_SECONDS, self._send_all, jitter=0.0))

    async def close(self) -> None:
        """Sends what waits, for at most FLUSH_SECONDS."""
        if self._task is not None:
            await self._task.stop()
        self._end_groups(math.inf)
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._send_all()
        if self.waiting:
            self._dropped.labels("stopped").inc(self.waiting)
            log.error("audit records were lost at the stop", records=self.waiting)

    def _end_groups(self, now: float) -> None:
        lost = self._callers.end_groups(now) + self._strangers.end_groups(now)
        if lost:
            self._dropped.labels("full").inc(lost)

    async def _send_all(self) -> None:
        self._end_groups(time.time())
        while self._batch is not None or self._callers.waiting or self._strangers.waiting:
            if self._batch is None:
                await self._fill_batch()
            if not await self._send_batch():
                await asyncio.sleep(RETRY_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - jitter

    async def _fill_batch(self) -> None:
        """A cancellation in between must lose nothing: what is noted leaves its room once it is in the batch."""
        callers, strangers = self._callers.waiting, self._strangers.waiting
        of_strangers = min(len(strangers), max(STRANGERS_SHARE, BATCH - len(callers)))
        of_callers = min(len(callers), BATCH - of_strangers)
        noted = [*islice(callers, of_callers), *islice(strangers, of_strangers)]
        records = await self._records_of(noted)
        self._batch, self._batch_size = _message(records), len(records)
        for room, taken in ((callers, of_callers), (strangers, of_strangers)):
            for _ in range(taken):
                room.popleft()

    async def _records_of(self, noted: list[Sighting | Group]) -> list[msgspec.Raw]:
        records: list[msgspec.Raw] = []
        until = time.perf_counter() + SLICE_SECONDS
        for one in noted:
            if time.perf_counter() > until:
                await asyncio.sleep(0)
                until = time.perf_counter() + SLICE_SECONDS
            records += self._recorded(one)
        return records

    def _recorded(self, noted: Sighting | Group) -> list[msgspec.Raw]:
        """One, or none where a defect of ours stands in the way: the others are not to suffer from it."""
        try:
            record = noted.record() if isinstance(noted, Group) else record_of(noted)
            return [msgspec.Raw(msgspec.json.encode(record))]
        except Exception:
            first = noted.first if isinstance(noted, Group) else noted
            log.exception("a request could not be recorded", trace_id=first.trace_id)
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


class _Room:
    """What waits to be sent, up to a bound, and the groups of the minute. Each call returns how many were lost."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._groups = Aggregation()
        self.waiting: deque[Sighting | Group] = deque()

    def __len__(self) -> int:
        return len(self.waiting) + len(self._groups)

    def add(self, noted: Sighting | Group) -> int:
        if len(self.waiting) >= self._kept:
            return 1
        self.waiting.append(noted)
        return 0

    def aggregate(self, sighting: Sighting) -> int:
        return sum(map(self.add, self._groups.add(sighting)))

    def end_groups(self, now: float) -> int:
        """Of minutes that are over at `now` (unix seconds); infinity ends all."""
        ended = self._groups.take_all() if now == math.inf else self._groups.take_ended(now)
        return sum(map(self.add, ended))


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
