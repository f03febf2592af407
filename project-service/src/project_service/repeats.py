"""Checks that come before the write of a request, and the repeats that they must not refuse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.db.databases import Database
from shared.principal import Principal
from shared.quotas import TierLimitExceeded


@asynccontextmanager
async def answered_before_refused(database: Database, principal: Principal) -> AsyncIterator[None]:
    """Around a check of room: a repeat of a request that took the last room is answered as it was.

    The unit of work looks the request's Idempotency-Key up, and raises the stored answer in place of the refusal.
    """
    try:
        yield
    except TierLimitExceeded:
        async with database.unit_of_work(principal.tenant_id, actor_id=principal.user_id):
            raise
