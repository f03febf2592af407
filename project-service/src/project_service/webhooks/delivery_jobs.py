"""The jobs that deliver to webhooks: of one subject one after another, of one webhook a few at a time."""

from uuid import UUID

import msgspec

from project_service.webhooks.domain import PACE, Pace
from shared.jobs.kinds import JobKind, Limits, Retry
from shared.jobs.queue import NewJob

LIMITS = Limits(per_worker=32, per_tenant=16, per_key=4)
"""At one time: 4 at a webhook, and 4 on demand, so that a slow receiver is not flooded; 16 of a tenant over all
replicas, half of what one replica does, so that slow receivers of one tenant leave room for those of the others."""

INTERRUPTED = 10
"""Attempts beyond the schedule, for workers that die at one and for faults of our own."""

_SPARE_SECONDS = 15.0
"""Of an attempt, for reading it and writing down what came of it."""

_BY_HAND = 1
"""Priority of what a manager asks for and waits for."""


class DeliveryJob(msgspec.Struct, frozen=True):
    """What is sent, where to and with which secrets is read at the attempt."""

    delivery_id: UUID


def delivery_kind(pace: Pace) -> JobKind[DeliveryJob]:
    retry = Retry(attempts=len(pace.schedule) + INTERRUPTED)
    return JobKind("webhook.delivery", DeliveryJob, timeout=pace.timeout + _SPARE_SECONDS, retry=retry, limits=LIMITS)


DELIVERY = delivery_kind(PACE)


def ordered(delivery_id: UUID, webhook_id: UUID, subject: str) -> NewJob[DeliveryJob]:
    """Added again it keeps its place in line, and is due now."""
    return NewJob(
        DeliveryJob(delivery_id),
        order_key=f"{webhook_id}/{subject}",
        concurrency_key=key_of(webhook_id),
        unique_key=str(delivery_id),
    )


def on_demand(delivery_id: UUID, webhook_id: UUID) -> NewJob[DeliveryJob]:
    """In no line, and not held back with the others: its concurrency key is one of its own."""
    return NewJob(
        DeliveryJob(delivery_id),
        concurrency_key=f"{webhook_id}/on demand",
        unique_key=str(delivery_id),
        priority=_BY_HAND,
    )


def key_of(webhook_id: UUID) -> str:
    """The concurrency key of all its deliveries that stand in line."""
    return str(webhook_id)
