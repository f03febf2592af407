"""How writes find room in the tenant's storage: in what project-service has allotted to this service, block by block.

Triggers of the database keep `used` in the transaction of every write and deletion, whichever road it takes; a use
case that adds something says so by `room.require(work)`. When the allotment is used up its transaction is undone, more
is asked for outside of any transaction, and it begins again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from conversation_service.storage import counts, repository
from conversation_service.storage.repository import Allotment, Claim
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import Unavailable, UpstreamError, UpstreamTimeout
from shared.events.questions import StorageAllotment, StorageAllotmentAnswer
from shared.idempotency import beside_the_write
from shared.messaging.requests import Requests
from shared.principal import Principal, Tier
from shared.quotas import Quota, require_room
from shared.telemetry.logs import get_logger

HOLDER = "conversation"
BLOCK_BYTES = 1024 * 1024  # asked for in whole blocks, and one more than needed: most writes need not ask
SURPLUS_BYTES = 2 * BLOCK_BYTES  # more than this unused goes back
GRACE_BYTES = 16 * 1024 * 1024  # written beyond the allotment while project-service cannot be asked
UNREACHABLE_SECONDS = 5.0  # before it is asked about a tenant again after it did not answer
CLAIM_SECONDS = 5.0  # a node that asks and falls silent keeps others waiting no longer; a question lasts a second
GROW_SECONDS = 10.0  # many writers at once ask in turn: how long one of them waits for its turn
POLL_SECONDS = 0.05
COUNTED_EVERY = timedelta(days=1)
RECONCILE_SECONDS = 600.0
RECONCILE_TENANTS = 500  # in one round
LONGEST_ROUND = 3600.0  # seconds: each of these tenants may wait for a question that is not answered

T = TypeVar("T")
_AWAY = (Unavailable, UpstreamError, UpstreamTimeout)


class AllotmentUsedUp(Exception):
    """`needed` is the number of bytes that would have been used; `missing` are those that were not allotted."""

    def __init__(self, needed: int, missing: int) -> None:
        super().__init__(needed, missing)
        self.needed = needed
        self.missing = missing


class Room:
    """What a write may fill: the allotment, and `grace` bytes beyond it."""

    def __init__(self, tenant_id: UUID, grace: int) -> None:
        self._tenant_id = tenant_id
        self._grace = grace

    async def require(self, work: Work) -> None:
        """After the write, in its transaction. Raises AllotmentUsedUp, which `StorageAllotments` knows to handle."""
        room = await repository.room(work, self._tenant_id)
        if room.used > room.allotted + self._grace:
            raise AllotmentUsedUp(room.used, room.used - room.allotted)


class _Queue:
    """Writers of a tenant on this node that need room. Those who queued before it was answered share one answer."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.missing = 0
        self.answer: StorageAllotmentAnswer | None = None
        self.answered_at = 0.0

    @contextmanager
    def waiting(self, missing: int) -> Iterator[None]:
        self.missing += missing
        try:
            yield
        finally:
            self.missing -= missing


class StorageAllotments:
    def __init__(self, database: Database, requests: Requests, clock: Clock) -> None:
        self._database = database
        self._requests = requests
        self._clock = clock
        self._queues: WeakValueDictionary[UUID, _Queue] = WeakValueDictionary()
        self._unanswered_until: dict[UUID, float] = {}

    async def write(self, principal: Principal, use_case: Callable[[Room], Awaitable[T]]) -> T:
        """The result of `use_case`, which is called again when room had to be asked for: it begins its transaction.

        Raises TierLimitExceeded when the tenant's storage is full; Unavailable when project-service does not answer and
        the grace is used up, or when its turn to ask does not come in time.
        """
        give_up = time.monotonic() + GROW_SECONDS
        while time.monotonic() < give_up:
            try:
                return await use_case(Room(principal.tenant_id, 0))
            except AllotmentUsedUp as used_up:
                if not await self._grow(principal, used_up):
                    return await self._write_in_grace(principal, use_case)
        raise Unavailable

    async def _write_in_grace(self, principal: Principal, use_case: Callable[[Room], Awaitable[T]]) -> T:
        try:
            return await use_case(Room(principal.tenant_id, GRACE_BYTES))
        except AllotmentUsedUp as error:
            raise Unavailable("Nobody can tell just now whether the tenant's storage has room.") from error

    async def reconcile(self) -> int:
        """Gives back what is not needed, confirms what is, and repairs counts; answers how many tenants were due."""
        now = self._clock.now()
        async with self._database.system_work() as work:
            due = await repository.find_due(work, SURPLUS_BYTES, now - COUNTED_EVERY, RECONCILE_TENANTS)
        for allotment in due:
            try:
                await self._correct(allotment)
                await self._confirm(allotment)
            except Unavailable as error:
                await self._postpone(allotment, error)
        return len(due)

    async def _grow(self, principal: Principal, used_up: AllotmentUsedUp) -> bool:
        """False when project-service does not answer. Raises TierLimitExceeded."""
        since, queue = time.monotonic(), self._queues.setdefault(principal.tenant_id, _Queue())
        with beside_the_write(), queue.waiting(used_up.missing):
            async with queue.lock:
                if queue.answered_at < since:
                    queue.answer = await self._ask_for_all(principal, used_up.needed, queue)
                    queue.answered_at = time.monotonic()
                answer = queue.answer
        if answer is not None and answer.allotted < used_up.needed:
            require_room(Quota.STORAGE, principal.tier, answer.used, more=used_up.needed - answer.allotted)
        return answer is not None

    async def _ask_for_all(self, principal: Principal, needed: int, queue: "_Queue") -> StorageAllotmentAnswer | None:
        """For all that wait on this node: if each had to ask for itself, the last would wait for long."""
        tenant_id, tier = principal.tenant_id, principal.tier
        async with self._asking(tenant_id, tier) as claim:
            allotted = (await self._room(tenant_id)).allotted
            size = _blocks(max(needed, allotted + queue.missing)) + BLOCK_BYTES
            answer = await self._ask(tenant_id, tier, size)
            if answer is not None:
                await self._store(tenant_id, answer.allotted, claim)
            return answer

    async def _confirm(self, known: Allotment) -> None:
        """Lowered here before it is lowered there: what is filled was allotted at every moment."""
        tenant_id = known.tenant_id
        with beside_the_write():
            async with self._asking(tenant_id, known.tier) as claim:
                used = (await self._room(tenant_id)).used
                size = _blocks(used) + BLOCK_BYTES if used > 0 else 0
                async with self._database.unit_of_work(tenant_id) as work:
                    await repository.lower(work, tenant_id, size)
                    allotted = (await repository.room(work, tenant_id)).allotted
                answer = await self._ask(tenant_id, known.tier, max(size, allotted))
                if answer is not None:
                    await self._store(tenant_id, answer.allotted, claim)

    async def _correct(self, known: Allotment) -> None:
        async with self._database.unit_of_work(known.tenant_id) as work:
            drift = await counts.drift(work, known.tenant_id)
        async with self._database.unit_of_work(known.tenant_id) as work:
            await repository.correct(work, known.tenant_id, drift, self._clock.now())
        if drift and known.counted_at is not None:
            get_logger().error("bytes of a tenant were counted wrong", tenant_id=str(known.tenant_id), drift=drift)

    async def _postpone(self, known: Allotment, error: Unavailable) -> None:
        """It counts as looked at, so that one tenant's failure does not keep the others from their turn."""
        get_logger().error("a tenant's storage was not reconciled", tenant_id=str(known.tenant_id), reason=error.code)
        async with self._database.unit_of_work(known.tenant_id) as work:
            await repository.correct(work, known.tenant_id, 0, self._clock.now())

    async def _ask(self, tenant_id: UUID, tier: Tier, size: int) -> StorageAllotmentAnswer | None:
        """None when project-service does not answer, or did not a moment ago."""
        if time.monotonic() < self._unanswered_until.get(tenant_id, 0.0):
            return None
        question = StorageAllotment(tenant_id=tenant_id, tier=tier, holder=HOLDER, size=size)
        try:
            return await self._requests.ask(question)
        except _AWAY as error:
            self._wait_before_asking(tenant_id)
            get_logger().warning("storage could not be allotted", tenant_id=str(tenant_id), reason=error.code)
            return None

    def _wait_before_asking(self, tenant_id: UUID) -> None:
        """Only for this tenant: what delays its answer, such as a locked row, may be its own."""
        now = time.monotonic()
        waiting = {tenant: until for tenant, until in self._unanswered_until.items() if until > now}
        self._unanswered_until = waiting | {tenant_id: now + UNREACHABLE_SECONDS}

    @asynccontextmanager
    async def _asking(self, tenant_id: UUID, tier: Tier) -> AsyncIterator[Claim]:
        """Nobody else asks for this tenant, on this node or another one."""
        give_up = time.monotonic() + GROW_SECONDS
        while (claim := await self._claim(tenant_id, tier)) is None:
            if time.monotonic() > give_up:
                raise Unavailable
            await asyncio.sleep(POLL_SECONDS)
        try:
            yield claim
        finally:
            async with self._database.unit_of_work(tenant_id) as work:
                await repository.give_up(work, tenant_id, claim)

    async def _claim(self, tenant_id: UUID, tier: Tier) -> Claim | None:
        async with self._database.unit_of_work(tenant_id) as work:
            return await repository.claim(work, tenant_id, tier, timedelta(seconds=CLAIM_SECONDS))

    async def _room(self, tenant_id: UUID) -> repository.Room:
        async with self._database.unit_of_work(tenant_id) as work:
            return await repository.room(work, tenant_id)

    async def _store(self, tenant_id: UUID, allotted: int, claim: Claim) -> None:
        async with self._database.unit_of_work(tenant_id) as work:
            await repository.set_allotted(work, tenant_id, allotted, claim, self._clock.now())


def _blocks(size: int) -> int:
    """In bytes, rounded up to whole blocks."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES
