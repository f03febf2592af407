"""Holds back what waits for a webhook that may not be called: one pause for all of it, however much that is."""

from datetime import datetime
from uuid import UUID

from project_service.webhooks.delivery_jobs import DELIVERY, key_of
from project_service.webhooks.domain import NOTHING_WAITS
from project_service.webhooks.repository import Readiness
from shared.db.unit_of_work import Work
from shared.jobs.queue import JobQueue


def held_until(webhook: Readiness, now: datetime) -> datetime | None:
    """None while it may be called. Of an inactive one nothing is left to be sent by then, unless it is active again."""
    if not webhook.active:
        return now + NOTHING_WAITS
    return webhook.paused_until if webhook.paused_until is not None and webhook.paused_until > now else None


async def hold_back(jobs: JobQueue, work: Work, webhook_id: UUID, until: datetime) -> None:
    """In the transaction that changes the webhook, or has locked it. What is asked for on demand is sent."""
    await jobs.pause(work, DELIVERY, key_of(webhook_id), until)


async def let_go(jobs: JobQueue, work: Work, webhook_id: UUID) -> None:
    """What waits its turn is sent at once; what has failed keeps the time of its next attempt."""
    await jobs.resume(work, DELIVERY, key_of(webhook_id))
