"""How many replays a user and a tenant may have under way on this node: they are in memory until they are read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from shared.principal import Principal

OF_USER = 8
OF_TENANT = 32


class ReplayTurns:
    """Others wait their turn; those of another tenant never wait for it."""

    def __init__(self, of_user: int = OF_USER, of_tenant: int = OF_TENANT) -> None:
        self._users = _Turns(of_user)
        self._tenants = _Turns(of_tenant)

    def __len__(self) -> int:
        """Tenants with a replay under way or waiting."""
        return len(self._tenants)

    @asynccontextmanager
    async def of(self, principal: Principal) -> AsyncIterator[None]:
        async with self._users.of(principal.user_id), self._tenants.of(principal.tenant_id):
            yield


class _Turns:
    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._turns: dict[UUID, asyncio.Semaphore] = {}
        self._interested: dict[UUID, int] = {}

    def __len__(self) -> int:
        return len(self._turns)

    @asynccontextmanager
    async def of(self, key: UUID) -> AsyncIterator[None]:
        turns = self._turns.setdefault(key, asyncio.Semaphore(self._at_once))
        self._interested[key] = self._interested.get(key, 0) + 1
        try:
            async with turns:
                yield
        finally:
            self._interested[key] -= 1
            if not self._interested[key]:
                del self._interested[key], self._turns[key]
