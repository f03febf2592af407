"""How many replays a tenant may have under way on this node: what was missed is in memory until its reader has it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

AT_ONCE = 32


class ReplayTurns:
    """Others wait their turn; those of another tenant never wait for it."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._turns: dict[UUID, asyncio.Semaphore] = {}
        self._interested: dict[UUID, int] = {}

    def __len__(self) -> int:
        """Tenants with a replay under way or waiting."""
        return len(self._turns)

    @asynccontextmanager
    async def of(self, tenant_id: UUID) -> AsyncIterator[None]:
        turns = self._turns.setdefault(tenant_id, asyncio.Semaphore(self._at_once))
        self._interested[tenant_id] = self._interested.get(tenant_id, 0) + 1
        try:
            async with turns:
                yield
        finally:
            self._interested[tenant_id] -= 1
            if not self._interested[tenant_id]:
                del self._interested[tenant_id], self._turns[tenant_id]
