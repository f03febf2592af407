"""What closing and deleting a tenant mean: the same for its owners, for closed accounts and for retention."""

from datetime import datetime
from uuid import UUID

from auth_service.audit.keeping import forget_tenant
from auth_service.sessions.domain import EndReason
from auth_service.sessions.ending import REMEMBERED_FOR
from auth_service.tenant_closing import repository
from auth_service.tenant_closing.domain import RESTORABLE_FOR
from shared.db.unit_of_work import Work
from shared.events.auth import SessionRevoked, TenantClosed, TenantDeleted
from shared.jobs.queue import JobQueue
from shared.tenant_closures.erasure import Erasure, add_erasure
from shared.tenant_closures.repository import ClosureState, note

DELETED_AT_ONCE = 50  # tenants of one transaction: it only says so, what they hold is erased in portions


async def close_tenant(work: Work, tenant_id: UUID, now: datetime) -> bool:
    """With its seats locked. False when it is closed already.

    Its row changes before its sessions end: a sign-in under way waits for that, or has committed its session by now.
    """
    if not await repository.close(work, tenant_id, now):
        return False
    await repository.delete_open_invitations(work, tenant_id)
    await _end_sessions(work, tenant_id, now)
    closed = TenantClosed(tenant_id=tenant_id, restorable_until=now + RESTORABLE_FOR)
    work.publish(closed, topics=[], subject=str(tenant_id), tenant_id=tenant_id)
    return True


async def delete_tenant(work: Work, jobs: JobQueue, tenant_id: UUID, now: datetime) -> None:
    """For good: from now on it is erased, here and in every other service."""
    await note(work, tenant_id, ClosureState.DELETED, now)
    await add_erasure(work, jobs, Erasure(tenant_id))
    await forget_tenant(work, tenant_id, now)
    work.publish(TenantDeleted(tenant_id=tenant_id), topics=[], subject=str(tenant_id), tenant_id=tenant_id)


async def delete_deserted(work: Work, jobs: JobQueue, tenant_ids: list[UUID], now: datetime) -> None:
    """Those of them whose last member has gone, closed or not: nobody is left who could restore them."""
    for tenant_id in await repository.list_deserted(work, tenant_ids):
        await repository.close(work, tenant_id, now)
        await delete_tenant(work, jobs, tenant_id, now)


async def delete_due(jobs: JobQueue, work: Work, now: datetime) -> int:
    """A retention step: tenants that were closed long enough ago."""
    due = await repository.lock_due(work, now, DELETED_AT_ONCE)
    for tenant_id in due:
        await delete_tenant(work, jobs, tenant_id, now)
    return len(due)


async def _end_sessions(work: Work, tenant_id: UUID, now: datetime) -> None:
    """Told of those that can have a live access token; whoever looks at the others looks into the table."""
    for ended in await repository.end_sessions(work, tenant_id, now):
        if not repository.was_seen_within(ended, REMEMBERED_FOR, now):
            continue
        event = SessionRevoked(
            session_id=ended.id,
            user_id=ended.user_id,
            revoked_at=int(now.timestamp()),
            reason=EndReason.TENANT_CLOSED.value,
        )
        work.publish(event, topics=[], subject=str(ended.id), tenant_id=tenant_id)
