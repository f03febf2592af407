"""Keeping a service's `tenant_closures` up to date by auth-service's events."""

from shared.db.unit_of_work import Work
from shared.events.auth import TenantClosed, TenantDeleted, TenantRestored
from shared.events.envelope import Envelope
from shared.messaging.consumer import Consumers
from shared.tenant_closures.repository import ClosureState, note


def follow_tenants(consumers: Consumers) -> None:
    async def closed(work: Work, event: TenantClosed, envelope: Envelope) -> None:
        await note(work, event.tenant_id, ClosureState.CLOSED, envelope.time)

    async def restored(work: Work, event: TenantRestored, envelope: Envelope) -> None:
        await note(work, event.tenant_id, ClosureState.OPEN, envelope.time)

    async def deleted(work: Work, event: TenantDeleted, envelope: Envelope) -> None:
        await note(work, event.tenant_id, ClosureState.DELETED, envelope.time)

    consumers.on(TenantClosed, closed)
    consumers.on(TenantRestored, restored)
    consumers.on(TenantDeleted, deleted)
