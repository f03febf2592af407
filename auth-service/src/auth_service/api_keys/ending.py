"""Ending all API keys of a user: what is ended in the database is told in the same transaction."""

from datetime import datetime
from uuid import UUID

from auth_service.api_keys import repository
from shared.db.unit_of_work import Work
from shared.events.auth import ApiKeyRevoked


async def end_keys(work: Work, user_id: UUID, now: datetime, *, tenant_id: UUID | None = None) -> None:
    """Those for one tenant; without it, in all tenants: that is system work."""
    for key_id, key_tenant_id in await repository.revoke_keys(work, user_id, now, tenant_id=tenant_id):
        revoked = ApiKeyRevoked(key_id=key_id, user_id=user_id, revoked_at=int(now.timestamp()))
        work.publish(revoked, topics=[], subject=str(key_id), tenant_id=key_tenant_id)
