"""Contents: staged before the transaction that refers to them, read by checksum, swept when nothing refers to them.

A write stages its contents (database and object store, no lock held), then refers to them in its own transaction. What
was staged is safe from sweeping for a day, far longer than any request lives.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from datetime import timedelta
from uuid import UUID

from project_service.blobs import repository
from project_service.blobs.domain import Content
from project_service.blobs.repository import Idle
from project_service.object_store import ObjectStore, object_key
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.idempotency import beside_the_write
from shared.ids import new_id
from shared.principal import Principal

KIND = "files"  # in the keys of the object store
TRANSFERS_AT_ONCE = 4
SAFE_FOR = timedelta(days=1)
SWEEP_SECONDS = 1800.0
SWEPT_AT_ONCE = 100


class BlobStore:
    def __init__(self, database: Database, objects: ObjectStore, clock: Clock) -> None:
        self._database = database
        self._objects = objects
        self._clock = clock

    async def stage(self, tenant_id: UUID, contents: Iterable[Content]) -> None:
        """Afterwards a transaction may refer to them. Raises ObjectStoreUnavailable."""
        distinct = {content.sha256: content for content in contents}
        if not distinct:
            return
        missing = await self._announce(tenant_id, distinct.values())
        for group in _groups(sorted(missing)):
            await asyncio.gather(*(self._upload(tenant_id, distinct[sha256]) for sha256 in group))

    async def read(self, tenant_id: UUID, checksums: Collection[str]) -> dict[str, bytes]:
        """By checksum. What can be asked for at once is for the caller to bound."""
        async with self._database.unit_of_work(tenant_id) as work:
            found = await repository.find_inline(work, tenant_id, checksums)
        for group in _groups(sorted(set(checksums) - found.keys())):
            contents = await asyncio.gather(*(self._objects.read(_key(tenant_id, sha256)) for sha256 in group))
            found.update(zip(group, contents, strict=True))
        return found

    async def open(self, tenant_id: UUID, sha256: str) -> AsyncIterator[bytes]:
        """In parts, for contents that are too large to be held."""
        return await self._objects.open(_key(tenant_id, sha256))

    async def sweep(self) -> int:
        """Deletes contents that nothing refers to; how many.

        Each is first marked as not stored, so that a writer who comes now stores it again, and deleted under a lock
        that such a writer waits for. A crash in between leaves a content that is marked, and no lost one.
        """
        before = self._clock.now() - SAFE_FOR
        async with self._database.system_work() as work:
            idle = await repository.release_idle(work, before, SWEPT_AT_ONCE)
        for each in idle:
            async with self._database.system_work() as work:
                if await repository.lock_idle(work, each, before):
                    await self._remove(work, each)
        return len(idle)

    async def _remove(self, work: Work, idle: Idle) -> None:
        if idle.is_object:
            await self._objects.delete(_key(idle.tenant_id, idle.sha256))
        await repository.remove(work, idle)

    async def _announce(self, tenant_id: UUID, contents: Collection[Content]) -> set[str]:
        with beside_the_write():
            async with self._database.unit_of_work(tenant_id) as work:
                return await repository.announce(work, tenant_id, contents, self._clock.now())

    async def _upload(self, tenant_id: UUID, content: Content) -> None:
        await self._objects.put(_key(tenant_id, content.sha256), content.data, limit=len(content.data))


async def keep(work: Work, principal: Principal, checksums: Collection[str]) -> None:
    """In the transaction that refers to staged contents. Raises TierLimitExceeded when they do not fit the plan."""
    size = await repository.keep(work, principal.tenant_id, checksums, new_id())
    if size:
        await repository.take_room(work, principal, size)


def _key(tenant_id: UUID, sha256: str) -> str:
    return object_key(tenant_id, KIND, sha256)


def _groups(checksums: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(checksums), TRANSFERS_AT_ONCE):
        yield checksums[start : start + TRANSFERS_AT_ONCE]
