"""Takes deliveries from their line to the receivers, several at once, and writes down what came of each.

What is sent is sent outside any transaction. A courier who dies in between leaves a lease that runs out: the delivery
is made once more, under the same id. Couriers of several replicas share the line.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from prometheus_client import Counter, Gauge

from project_service.outbound.client import OutboundAnswer, OutboundClient, OutboundFailed
from project_service.outbound.destinations import DestinationRefused
from project_service.webhooks import delivery_queue, repository
from project_service.webhooks.delivery_queue import Taken
from project_service.webhooks.domain import Attempt, Pace, Verdict, judge, may_hear
from project_service.webhooks.schemas import DeliveryStatus, DisabledReason
from project_service.webhooks.signing import Secrets
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.failures import DatabaseUnavailable, TransactionConflict
from shared.db.unit_of_work import Work
from shared.events.projects import WebhookDisabled
from shared.sealing import SealError
from shared.telemetry.logs import get_logger
from shared.telemetry.metrics import Metrics

PACE = Pace()
SHOWN_BYTES = 4096
"""Of an answer: enough to tell what went wrong there."""
MEASURE_SECONDS = 5.0


class DeliveryMetrics:
    """All times are in seconds."""

    def __init__(self, metrics: Metrics) -> None:
        registry = metrics.registry
        self.attempts = Counter(
            "tessera_webhook_attempts_total", "Deliveries to webhooks, by outcome", ["outcome"], registry=registry
        )
        self.depth = Gauge("tessera_webhook_queue_depth", "Deliveries that are due", registry=registry)
        self.age = Gauge(
            "tessera_webhook_queue_age_seconds", "Wait of the delivery that is due longest", registry=registry
        )


class Courier:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        secrets: Secrets,
        client: OutboundClient,
        metrics: DeliveryMetrics,
        pace: Pace = PACE,
    ) -> None:
        self._database = database
        self._clock = clock
        self._secrets = secrets
        self._client = client
        self._metrics = metrics
        self._pace = pace
        self._awake = asyncio.Event()
        self._in_hand: dict[asyncio.Task[None], Taken] = {}

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Until it is cancelled; outlives every failure of the database."""
        await self._client.open()
        try:
            while True:
                self._awake.clear()
                if not await self._take():
                    await self._rest()
        finally:
            await self._stop()
            await self._client.close()

    async def measure(self) -> None:
        """Shows operators how much waits."""
        backlog = await delivery_queue.backlog(self._database, self._clock.now())
        self._metrics.depth.set(backlog.depth)
        self._metrics.age.set(backlog.age)

    async def _take(self) -> bool:
        """Begins as many deliveries as there is room for. False when there was nothing to begin."""
        room = self._pace.at_once - len(self._in_hand)
        if room <= 0:
            return False
        try:
            async with self._database.system_work() as work:
                taken = await delivery_queue.take(work, self._clock.now(), self._pace, room)
        except (DatabaseUnavailable, TransactionConflict):
            return False  # the next round will do
        except Exception:
            get_logger().exception("no deliveries could be taken")
            return False
        for each in taken:
            task = asyncio.create_task(self._deliver(each))
            self._in_hand[task] = each
            task.add_done_callback(self._finished)
        return bool(taken)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._in_hand.pop(task, None)
        self.wake()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._pace.poll):
                await self._awake.wait()
        except TimeoutError:
            return

    async def _stop(self) -> None:
        """What is in hand is given back; a receiver who had it already gets it twice, under the same id."""
        abandoned = dict(self._in_hand)
        for task in abandoned:
            task.cancel()
        if abandoned:
            await asyncio.wait(abandoned)
            try:
                async with self._database.system_work() as work:
                    await delivery_queue.give_back(work, list(abandoned.values()))
            except DatabaseUnavailable:
                return  # the leases run out

    async def _deliver(self, taken: Taken) -> None:
        try:
            if may_hear(taken.standing, is_of_project=taken.is_of_project):
                await self._settle(taken, await self._attempt(taken))
            else:
                await self._withhold(taken)
        except (DatabaseUnavailable, TransactionConflict):
            get_logger(delivery_id=str(taken.id)).warning("what came of a delivery could not be written down")
        except Exception:
            get_logger(delivery_id=str(taken.id)).exception("a delivery failed on our side")

    async def _attempt(self, taken: Taken) -> Attempt:
        started = time.monotonic()
        try:
            headers = self._secrets.headers(
                taken.webhook_id, taken.sealed_secrets, taken.id, taken.body, self._clock.now()
            )
            answer = await self._client.post(
                taken.url,
                taken.body.encode(),
                seconds=self._pace.timeout,
                most_bytes=SHOWN_BYTES,
                headers=headers,
            )
        except (DestinationRefused, OutboundFailed) as error:
            return Attempt(error=str(error), duration_ms=_milliseconds_since(started))
        except SealError:
            get_logger(webhook_id=str(taken.webhook_id)).error(
                "a secret was sealed under another KEY_ENCRYPTION_SECRET"
            )
            return Attempt(error="The secret of this webhook cannot be read: rotate it.")
        return _attempt_of(answer, _milliseconds_since(started), self._clock.now())

    async def _settle(self, taken: Taken, attempt: Attempt) -> None:
        luck = random.random()  # noqa: S311 - jitter
        verdict = judge(attempt, taken.attempts + 1, self._pace, luck, on_demand=taken.on_demand)
        now = self._clock.now()
        async with self._database.unit_of_work(taken.tenant_id) as work:
            if verdict.status is not DeliveryStatus.DELIVERED:  # the line, or the webhook itself, may have to change
                await repository.hold(work, taken.tenant_id, taken.webhook_id)
            if not await delivery_queue.settle(work, taken, attempt, verdict, now):
                return
            if verdict.pause:
                until = now + timedelta(seconds=verdict.pause)
                await repository.pause(work, taken.tenant_id, taken.webhook_id, until)
            if verdict.disables:
                await _disable(work, taken, verdict.disables, now)
        self._metrics.attempts.labels(_outcome(verdict)).inc()

    async def _withhold(self, taken: Taken) -> None:
        async with self._database.unit_of_work(taken.tenant_id) as work:
            await repository.hold(work, taken.tenant_id, taken.webhook_id)
            await delivery_queue.withhold(work, taken, self._clock.now())
        self._metrics.attempts.labels(DeliveryStatus.WITHHELD).inc()


async def _disable(work: Work, taken: Taken, reason: DisabledReason, now: datetime) -> None:
    webhook = await repository.disable(work, taken.tenant_id, taken.webhook_id, reason, now)
    if webhook is None:
        return
    told = WebhookDisabled(
        tenant_id=webhook.tenant_id,
        webhook_id=webhook.id,
        project_id=webhook.project_id,
        user_id=webhook.created_by,
        reason=reason,
    )
    work.publish(told, topics=[], subject=str(webhook.id))
    get_logger(webhook_id=str(webhook.id)).warning("a webhook is disabled", reason=reason)


def _attempt_of(answer: OutboundAnswer, duration_ms: int, now: datetime) -> Attempt:
    body = answer.body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")  # what a text can hold
    return Attempt(
        status=answer.status, body=body, retry_after=retry_after(answer.headers, now), duration_ms=duration_ms
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds, or a date (RFC 9110, section 10.2.3). None where there is none, or nothing that makes sense."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def _outcome(verdict: Verdict) -> str:
    return "retried" if verdict.status is DeliveryStatus.PENDING else verdict.status


def _milliseconds_since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
