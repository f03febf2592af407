"""The use cases of deliveries: an event makes one for each webhook that listens; managers read the log."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from project_service.activity.domain import project_of
from project_service.webhooks import delivery_jobs, delivery_log, repository
from project_service.webhooks.access import require_confidant
from project_service.webhooks.delivery_jobs import DELIVERY
from project_service.webhooks.delivery_log import Message
from project_service.webhooks.domain import KEPT_FOR, TEST_TYPE, may_hear
from project_service.webhooks.schemas import DeliveryQuery, DeliveryView
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.changes import Change, Guarded, may_be_told
from shared.events.envelope import Envelope
from shared.events.topics import parse_topic
from shared.events.webhooks import RedactedData, public_type
from shared.jobs.queue import JobQueue
from shared.messaging.consumer import publisher_of
from shared.pagination import PageOf
from shared.principal import Principal

KEPT_BYTES = 256 * 1024 * 1024
"""Of event bodies per tenant: beyond it the oldest deliveries go before their time, made or not."""

FORGOTTEN_AT_ONCE = 30_000
"""Well within what a statement may take."""

_OF_A_PROJECT = frozenset({"project", "tasks", "files", "comments"})


class Content(msgspec.Struct, frozen=True):
    """The body of a delivery, as Standard Webhooks has it."""

    type: str
    timestamp: datetime
    data: Any

    @property
    def text(self) -> str:
        return msgspec.json.encode(self).decode()


class DeliveryService:
    """`service` is the one whose event log is here."""

    def __init__(self, database: Database, clock: Clock, jobs: JobQueue, service: str) -> None:
        self._service = service
        self._database = database
        self._clock = clock
        self._jobs = jobs

    async def put_in_line(self, work: Work, event: Change, envelope: Envelope) -> None:
        """Nothing for an event that was told to single people only."""
        message = _message(event, envelope, is_redacted=envelope.is_redacted)
        if message is None or envelope.tenantid is None:
            return
        if publisher_of(envelope.type) != self._service and type(event).redacts_earlier(event.changed_fields):
            await delivery_log.redact_earlier(work, envelope.tenantid, envelope.subject, envelope.time)
        listeners = await delivery_log.listeners(work, envelope.tenantid, message)
        is_of_project = message.project_id is not None
        hearing = [
            each.webhook_id
            for each in listeners
            if may_hear(each.standing, is_of_project=is_of_project) and may_be_told(event, each.maker_id)
        ]
        if any(each.is_gone for each in listeners):
            message = _message(event, envelope, is_redacted=True) or message
        if hearing:
            added = await delivery_log.add(work, envelope.tenantid, hearing, message, self._clock.now())
            new = [delivery_jobs.ordered(each.id, each.webhook_id, message.subject) for each in added]
            await self._jobs.add_all(work, DELIVERY, new)

    async def find(self, principal: Principal, webhook_id: UUID, query: DeliveryQuery) -> PageOf[DeliveryView]:
        """Raises WebhookNotFound, Forbidden."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await self._open(work, principal, webhook_id)
            return await delivery_log.find_page(work, principal.tenant_id, webhook_id, query)

    async def test(self, principal: Principal, webhook_id: UUID) -> DeliveryView:
        """Also to one that is not active. Raises WebhookNotFound, Forbidden."""
        now = self._clock.now()
        content = Content(TEST_TYPE, now, {"webhook_id": webhook_id})
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await self._open(work, principal, webhook_id)
            delivery = await delivery_log.add_test(work, principal.tenant_id, webhook_id, content.text, now)
            await self._jobs.add(work, DELIVERY, delivery_jobs.on_demand(delivery.id, webhook_id))
            return work.answer(delivery)

    async def redeliver(self, principal: Principal, webhook_id: UUID, delivery_id: UUID) -> DeliveryView:
        """Raises WebhookNotFound, Forbidden, DeliveryNotFound."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await self._open(work, principal, webhook_id)
            now = self._clock.now()
            again = await delivery_log.redeliver(work, principal.tenant_id, webhook_id, delivery_id, now)
            job = (
                delivery_jobs.on_demand(delivery_id, webhook_id)
                if again.on_demand
                else delivery_jobs.ordered(delivery_id, webhook_id, again.subject)
            )
            await self._jobs.add(work, DELIVERY, job)
            return work.answer(again.view)

    async def _open(self, work: Work, principal: Principal, webhook_id: UUID) -> None:
        await require_confidant(work, principal, await repository.get(work, principal, webhook_id))


async def forget_deliveries(work: Work, now: datetime) -> int:
    """Returns how many went; there may be more."""
    return await delivery_log.forget(work, now - KEPT_FOR, FORGOTTEN_AT_ONCE)


async def delete_large_logs(work: Work, _now: datetime) -> int:
    """Returns how many bodies of one tenant were deleted; there may be more."""
    return await delivery_log.delete_beyond(work, KEPT_BYTES, FORGOTTEN_AT_ONCE)


def _message(event: Change, envelope: Envelope, *, is_redacted: bool) -> Message | None:
    """None for what only single people were told: what is not known to be shared by many never leaves.

    A guarded event says itself to whom it may be told.
    """
    topics = (parse_topic(place.topic) for place in envelope.topics)
    kinds = {topic.kind for topic in topics if topic is not None}
    project_id = project_of(event, envelope) if kinds & _OF_A_PROJECT else None
    if project_id is None and "tenant" not in kinds and not isinstance(event, Guarded):
        return None
    redacted = RedactedData(entity_id=event.entity_id, version=event.version)
    content = Content(public_type(envelope.type), envelope.time, redacted if is_redacted else envelope.data)
    return Message(envelope.id, project_id, content.type, envelope.subject, content.text, envelope.time)
