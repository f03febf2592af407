"""Contents: staged before the transaction that refers to them, read by checksum, swept when nothing refers to them.

A write stages its contents (database and object store, no lock held), then refers to them in its own transaction. What
is staged is counted as the tenant's at once and removed when the write does not happen. What a request could not remove
(it was killed) is swept a day later, far longer than any request lives.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from project_service.blobs import repository
from project_service.blobs.domain import Content
from project_service.blobs.repository import Idle, Place
from project_service.cleanup import Cleanup
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
REMOVED_AT_ONCE = 100  # contents in one transaction: a sweep or a refused write removes one such portion after another
LOOKED_AT_ONCE = 10_000  # contents in one transaction of a sweep, most of which are referred to and stay
STAGED_AT_ONCE = 1000  # in one transaction
T = TypeVar("T")


class BlobStore:
    def __init__(self, database: Database, objects: ObjectStore, clock: Clock) -> None:
        self._database = database
        self._objects = objects
        self._clock = clock
        self._cleanup = Cleanup()

    @asynccontextmanager
    async def staging(self, principal: Principal) -> AsyncIterator["Staging"]:
        """Around a write, from its first content to its commit: removes what it staged if it does not succeed."""
        staging = Staging(self, principal)
        async with self._cleanup.on_failure(partial(self._remove_staged, staging)):
            yield staging

    async def announce(self, principal: Principal, contents: Collection[Content]) -> set[str]:
        """For `Staging`: stores the small ones; the checksums of those to be uploaded. Raises TierLimitExceeded."""
        with beside_the_write():
            async with self._database.unit_of_work(principal.tenant_id) as work:
                staged = await repository.stage(work, principal.tenant_id, contents, self._clock.now())
                if staged.uncounted:
                    await repository.take_room(work, principal, staged.uncounted)
                return staged.missing

    async def upload(self, tenant_id: UUID, content: Content) -> None:
        """For `Staging`. Raises ObjectStoreUnavailable."""
        await self._objects.put(_key(tenant_id, content.sha256), content.data, limit=len(content.data))

    async def read(self, tenant_id: UUID, checksums: Collection[str]) -> dict[str, bytes]:
        """By checksum. What can be asked for at once is for the caller to bound."""
        async with self._database.unit_of_work(tenant_id) as work:
            found = await repository.find_inline(work, tenant_id, checksums)
        for group in _portions(sorted(set(checksums) - found.keys()), TRANSFERS_AT_ONCE):
            contents = await asyncio.gather(*(self._objects.read(_key(tenant_id, sha256)) for sha256 in group))
            found.update(zip(group, contents, strict=True))
        return found

    async def open(self, tenant_id: UUID, sha256: str) -> AsyncIterator[bytes]:
        """In parts, for contents that are too large to be held."""
        return await self._objects.open(_key(tenant_id, sha256))

    async def settle(self) -> None:
        """Waits until what cancelled requests staged is removed."""
        await self._cleanup.settle()

    async def sweep(self) -> int:
        """Deletes all contents that nothing refers to, in portions; how many.

        They are first marked as not stored, so that a writer who comes now stores them again, and deleted under a lock
        that such a writer waits for. A crash in between leaves contents that are marked, and no lost ones.
        """
        start, end, count = repository.FIRST, Place.before(self._clock.now() - SAFE_FOR), 0
        while start != end:
            async with self._database.system_work() as work:
                looked_at = await repository.find_end(work, start, end, LOOKED_AT_ONCE)
                idle = await repository.release_idle(work, start, looked_at, REMOVED_AT_ONCE)
            if idle:
                async with self._database.system_work() as work:
                    await self._remove(work, idle)
            count += len(idle)
            if len(idle) < REMOVED_AT_ONCE:
                start = looked_at
        return count

    async def _remove(self, work: Work, uncounted: Sequence[Idle]) -> None:
        idle = await repository.lock_idle(work, uncounted)
        objects = [_key(each.tenant_id, each.sha256) for each in idle if each.is_object]
        for group in _portions(objects, TRANSFERS_AT_ONCE):
            await asyncio.gather(*(self._objects.delete(key) for key in group))
        await repository.remove(work, idle)

    async def _remove_staged(self, staging: "Staging") -> None:
        await staging.uploads_ended()
        for portion in _portions(sorted(staging.checksums), REMOVED_AT_ONCE):
            await self._unstage(staging.principal.tenant_id, portion)

    async def _unstage(self, tenant_id: UUID, checksums: Sequence[str]) -> None:
        """Not counted any more, and then removed: also of a store that is away nothing stays on the account."""
        async with self._database.unit_of_work(tenant_id) as work:
            idle = await repository.unstage(work, tenant_id, checksums)
        if idle:
            async with self._database.unit_of_work(tenant_id) as work:
                await self._remove(work, idle)


class Staging:
    """What one write has staged so far."""

    def __init__(self, blobs: BlobStore, principal: Principal) -> None:
        self.principal = principal
        self.checksums: set[str] = set()
        self._blobs = blobs
        self._uploads: list[asyncio.Task[None]] = []

    async def add(self, contents: Iterable[Content]) -> None:
        """Afterwards a transaction may refer to them. Raises TierLimitExceeded or ObjectStoreUnavailable."""
        new = {content.sha256: content for content in contents if content.sha256 not in self.checksums}
        for portion in _portions(list(new.values()), STAGED_AT_ONCE):
            missing = await self._blobs.announce(self.principal, portion)
            self.checksums.update(content.sha256 for content in portion)
            await self._upload([content for content in portion if content.sha256 in missing])

    async def uploads_ended(self) -> None:
        """Nothing arrives in the store after this."""
        await asyncio.gather(*self._uploads, return_exceptions=True)

    async def _upload(self, contents: Sequence[Content]) -> None:
        """An upload cannot be called back: one that is under way when the write is cancelled ends by itself."""
        for group in _portions(contents, TRANSFERS_AT_ONCE):
            tenant_id = self.principal.tenant_id
            self._uploads = [asyncio.create_task(self._blobs.upload(tenant_id, content)) for content in group]
            await asyncio.wait(self._uploads)
            for upload in self._uploads:
                upload.result()


async def keep(work: Work, tenant_id: UUID, checksums: Collection[str]) -> None:
    """In the transaction that refers to staged contents."""
    await repository.keep(work, tenant_id, checksums, new_id())


def _key(tenant_id: UUID, sha256: str) -> str:
    return object_key(tenant_id, KIND, sha256)


def _portions(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
