"""Keeping a service's `tenant_closures` up to date by auth-service's events."""

from shared.db.unit_of_work import Work
from shared.events.auth import TenantClosed, TenantDeleted, TenantRestored
from shared.events.envelope import Envelope
from shared.jobs.queue import JobQueue
from shared.messaging.consumer import Consumers
from shared.tenant_closures.erasure import Erasure, add_erasure
from shared.tenant_closures.repository import ClosureState, note


def follow_tenants(consumers: Consumers, jobs: JobQueue) -> None:
    """A deleted tenant is erased by a job."""

    async def closed(work: Work, event: TenantClosed, envelope: Envelope) -> None:
        await note(work, event.tenant_id, ClosureState.CLOSED, envelope.time)

    async def restored(work: Work, event: TenantRestored, envelope: Envelope) -> None:
        await note(work, event.tenant_id, ClosureState.OPEN, envelope.time)

    async def deleted(work: Work, event: TenantDeleted, envelope: Envelope) -> None:
        await note(work, event.tenant_id, ClosureState.DELETED, envelope.time)
        await add_erasure(work, jobs, Erasure(event.tenant_id))

    consumers.on(TenantClosed, closed)
    consumers.on(TenantRestored, restored)
    consumers.on(TenantDeleted, deleted)
