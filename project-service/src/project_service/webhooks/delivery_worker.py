"""Sends deliveries to their receivers, and writes down what came of each.

What is sent is sent outside any transaction. A worker who dies in between leaves a lease that runs out: the delivery is
made once more, under the same id.
"""

import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from prometheus_client import Counter

from project_service.outbound.client import OutboundAnswer, OutboundClient, OutboundFailed
from project_service.outbound.destinations import DestinationRefused
from project_service.webhooks import delivery_log, repository
from project_service.webhooks.delivery_jobs import DeliveryJob
from project_service.webhooks.delivery_log import PendingDelivery
from project_service.webhooks.domain import PACE, Attempt, Pace, Verdict, judge, may_hear
from project_service.webhooks.holding import held_until, hold_back
from project_service.webhooks.schemas import DeliveryStatus, DisabledReason
from project_service.webhooks.signing import Secrets
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.projects import WebhookDisabled
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from shared.sealing import SealError
from shared.telemetry.logs import get_logger
from shared.telemetry.metrics import Metrics

SHOWN_BYTES = 4096
"""Of an answer: enough to tell what went wrong there."""


class DeliveryMetrics:
    def __init__(self, metrics: Metrics) -> None:
        self.attempts = Counter(
            "tessera_webhook_attempts_total",
            "Deliveries to webhooks, by outcome",
            ["outcome"],
            registry=metrics.registry,
        )


class DeliveryWorker:
    """`client` is open while deliveries are made."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        secrets: Secrets,
        client: OutboundClient,
        metrics: DeliveryMetrics,
        jobs: JobQueue,
        pace: Pace = PACE,
    ) -> None:
        self._database = database
        self._clock = clock
        self._secrets = secrets
        self._client = client
        self._metrics = metrics
        self._jobs = jobs
        self._pace = pace

    async def deliver(self, job: Job[DeliveryJob]) -> None:
        """Nothing, when the delivery was deleted or is made. Held back while its webhook may not be called."""
        now = self._clock.now()
        delivery = await delivery_log.find_pending(self._database, job.tenant_id, job.payload.delivery_id, now)
        if delivery is None:
            return
        if not delivery.on_demand and held_until(delivery.webhook, now) is not None:
            await self._hold_back(job, delivery)
        elif may_hear(delivery.standing, is_of_project=delivery.is_of_project):
            await self._settle(job, delivery, await self._attempt(delivery))
        else:
            await self._withhold(job, delivery)

    async def give_up(self, work: Work, job: Job[DeliveryJob], _reason: str) -> None:
        """The fault is ours: it can be sent again by hand, or with its job. The next of its line goes on."""
        await delivery_log.give_up(work, job.payload.delivery_id)

    async def _attempt(self, delivery: PendingDelivery) -> Attempt:
        started = time.monotonic()
        try:
            headers = self._secrets.headers(
                delivery.webhook_id, delivery.sealed_secrets, delivery.id, delivery.body, self._clock.now()
            )
            answer = await self._client.post(
                delivery.webhook.url,
                delivery.body.encode(),
                seconds=self._pace.timeout,
                most_bytes=SHOWN_BYTES,
                headers=headers,
            )
        except (DestinationRefused, OutboundFailed) as error:
            return Attempt(error=str(error), duration_ms=_milliseconds_since(started))
        except SealError:
            get_logger(webhook_id=str(delivery.webhook_id)).error(
                "a secret was sealed under another KEY_ENCRYPTION_SECRET"
            )
            return Attempt(error="The secret of this webhook cannot be read: rotate it.")
        return _attempt_of(answer, _milliseconds_since(started), self._clock.now())

    async def _settle(self, job: Job[DeliveryJob], delivery: PendingDelivery, attempt: Attempt) -> None:
        """What the log says and when the job runs again, or that it is done, become true together."""
        luck = random.random()  # noqa: S311 - jitter
        verdict = judge(attempt, delivery.attempts + 1, self._pace, luck, on_demand=delivery.on_demand)
        now = self._clock.now()
        async with job.work() as work:
            is_moved = verdict.status is not DeliveryStatus.DELIVERED and await _is_moved(work, delivery)
            if await delivery_log.settle(work, delivery, attempt, verdict, now) and verdict.retry_in is not None:
                reason = attempt.error or f"The receiver answered {attempt.status}."
                await job.retry(work, reason, 0.0 if is_moved else verdict.retry_in)
            if not is_moved:
                await self._change_webhook(work, delivery, verdict, now)
        self._metrics.attempts.labels(_outcome(verdict)).inc()

    async def _hold_back(self, job: Job[DeliveryJob], delivery: PendingDelivery) -> None:
        """It was taken before the others were held back. Unless the webhook has become ready meanwhile, it joins them;
        in any case it is due at once, so that it is sent when they are.
        """
        async with job.begin() as work:
            webhook = await repository.hold(work, delivery.tenant_id, delivery.webhook_id)
            if webhook is None:
                return
            until = held_until(webhook, self._clock.now())
            if until is not None:
                await hold_back(self._jobs, work, delivery.webhook_id, until)
            await job.postpone(work, "Nothing is sent to the webhook for now.", 0.0)

    async def _change_webhook(self, work: Work, delivery: PendingDelivery, verdict: Verdict, now: datetime) -> None:
        if verdict.pause:
            until = now + timedelta(seconds=verdict.pause)
            await repository.pause(work, delivery.tenant_id, delivery.webhook_id, until)
        if verdict.disables:
            await _disable(work, delivery, verdict.disables, now)
        if verdict.pause or verdict.disables:
            webhook = await repository.hold(work, delivery.tenant_id, delivery.webhook_id)
            held = None if webhook is None else held_until(webhook, now)
            if held is not None:
                await hold_back(self._jobs, work, delivery.webhook_id, held)

    async def _withhold(self, job: Job[DeliveryJob], delivery: PendingDelivery) -> None:
        async with job.work() as work:
            await delivery_log.withhold(work, delivery)
        self._metrics.attempts.labels(DeliveryStatus.WITHHELD).inc()


async def _is_moved(work: Work, delivery: PendingDelivery) -> bool:
    """Whether its webhook has got another address during the attempt. From here on nobody changes it.

    Before the delivery is written, as whoever deletes the webhook comes to both in this order.
    """
    webhook = await repository.hold(work, delivery.tenant_id, delivery.webhook_id)
    return webhook is not None and webhook.url != delivery.webhook.url


async def _disable(work: Work, delivery: PendingDelivery, reason: DisabledReason, now: datetime) -> None:
    webhook = await repository.disable(work, delivery.tenant_id, delivery.webhook_id, reason, now)
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
