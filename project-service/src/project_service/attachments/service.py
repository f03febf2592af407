"""The use cases of attachments: files in the object store and links, each attached and detached in one transaction."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from typing import IO, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from project_service.attachments import repository
from project_service.attachments.domain import (
    DOWNLOADABLE_FOR,
    MAX_FILE_BYTES,
    SNIFFED_BYTES,
    DownloadSigner,
    Grant,
    require_web_address,
    sniffed_type,
)
from project_service.attachments.errors import AttachmentIsLink, AttachmentNotFound
from project_service.attachments.repository import Leftover
from project_service.attachments.schemas import AttachmentKind, AttachmentQuery, AttachmentView, CreateLink
from project_service.blobs import repository as storage
from project_service.cleanup import Cleanup
from project_service.limits import MAX_ATTACHMENTS
from project_service.object_store import ObjectMissing, ObjectStore, ObjectStoreUnavailable, object_key
from project_service.projects.access import require_role
from project_service.repeats import answered_before_refused
from project_service.tasks import repository as tasks
from project_service.tasks.domain import change_event
from project_service.tasks.service import tell
from project_service.uploads import Upload
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import LimitReached
from shared.events.projects import ProjectRole, TaskState
from shared.idempotency import beside_the_write
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Principal

SAFE_FOR = timedelta(hours=1)  # far longer than any upload lives
UNNAMED = "file"
SWEEP_SECONDS = 900.0
PART_BYTES = 1024 * 1024  # that much is worth a change of threads


class Granted(NamedTuple):
    token: str
    expires_at: datetime


class AttachmentService:
    def __init__(self, database: Database, objects: ObjectStore, signer: DownloadSigner, clock: Clock) -> None:
        self._database = database
        self._objects = objects
        self._signer = signer
        self._clock = clock
        self._cleanup = Cleanup()

    async def find(
        self, principal: Principal, project_id: UUID, task_id: UUID, query: AttachmentQuery
    ) -> PageOf[AttachmentView]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            task = await tasks.get(work, principal, project_id, task_id)
            return await repository.find_page(work, principal.tenant_id, task_id, task.attachment_count, query)

    async def require_editor(self, principal: Principal, project_id: UUID, task_id: UUID) -> None:
        """Raises ProjectNotFound, TaskNotFound or Forbidden."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await _lock(work, principal, project_id, task_id)

    async def add_link(self, principal: Principal, project_id: UUID, task_id: UUID, new: CreateLink) -> AttachmentView:
        require_web_address(new.url)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            task = await _lock(work, principal, project_id, task_id)
            link = self._attachment(principal, task, kind=AttachmentKind.LINK, name=new.name or new.url[:255])
            return work.answer(await self._attach(work, principal, task, replace(link, url=new.url)))

    async def add_file(self, principal: Principal, project_id: UUID, task_id: UUID, upload: Upload) -> AttachmentView:
        """Raises TooLarge, TierLimitExceeded, and what the upload raises. Nothing is locked while bytes are stored.

        They are counted before they are stored, and removed when the attachment is refused or its caller has gone.
        """
        attachment_id = new_id()
        async with answered_before_refused(self._database, principal):
            await self._announce(principal, project_id, task_id, attachment_id, upload.size)
        storing = asyncio.create_task(self._store(principal.tenant_id, attachment_id, upload.file))
        async with self._cleanup.on_failure(partial(self._remove_stored, principal.tenant_id, attachment_id, storing)):
            media_type = await asyncio.shield(storing)
            async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
                task = await _lock(work, principal, project_id, task_id)
                if not await repository.claim(work, principal.tenant_id, attachment_id):
                    raise ObjectStoreUnavailable
                file = self._attachment(principal, task, kind=AttachmentKind.FILE, name=upload.name or UNNAMED)
                file = replace(file, id=attachment_id, size=upload.size, media_type=media_type)
                return work.answer(await self._attach(work, principal, task, file))

    async def remove(self, principal: Principal, project_id: UUID, task_id: UUID, attachment_id: UUID) -> None:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            task = await _lock(work, principal, project_id, task_id)
            await repository.get(work, principal.tenant_id, task_id, attachment_id)
            await repository.remove(work, principal.tenant_id, attachment_id)
            await self._count(work, principal, task, -1)

    async def grant(self, principal: Principal, project_id: UUID, task_id: UUID, attachment_id: UUID) -> Granted:
        """What lets anybody read the file for a few minutes. Raises AttachmentIsLink."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await tasks.get(work, principal, project_id, task_id)
            attachment = await repository.get(work, principal.tenant_id, task_id, attachment_id)
        if attachment.kind is AttachmentKind.LINK:
            raise AttachmentIsLink(details={"url": attachment.url})
        expires_at = self._clock.now().replace(microsecond=0) + DOWNLOADABLE_FOR
        return Granted(self._signer.sign(Grant(principal.tenant_id, attachment_id, expires_at)), expires_at)

    async def open(self, token: str) -> tuple[AttachmentView, AsyncIterator[bytes]]:
        """Raises AttachmentNotFound or DownloadExpired."""
        grant = self._signer.read(token, self._clock.now())
        async with self._database.unit_of_work(grant.tenant_id) as work:
            attachment = await repository.get_granted(work, grant.tenant_id, grant.attachment_id)
        try:
            return attachment, await self._objects.open(_key(grant.tenant_id, grant.attachment_id))
        except ObjectMissing:
            raise AttachmentNotFound from None

    async def sweep(self) -> int:
        """Deletes all objects that no attachment has referred to for an hour; how many."""
        before, count = self._clock.now() - SAFE_FOR, 0
        while await self._sweep_one(before):
            count += 1
        return count

    async def settle(self) -> None:
        """Waits until what cancelled requests stored is removed."""
        await self._cleanup.settle()

    async def _sweep_one(self, before: datetime) -> bool:
        """One in a transaction: nobody's storage stays locked while objects of others are deleted."""
        async with self._database.system_work() as work:
            leftover = await repository.lock_oldest_leftover(work, before)
            if leftover is not None:
                await self._remove(work, leftover)
        return leftover is not None

    async def _store(self, tenant_id: UUID, attachment_id: UUID, file: IO[bytes]) -> str:
        """The media type of what is stored."""
        media_type = await asyncio.to_thread(_sniff, file)
        await self._objects.put(_key(tenant_id, attachment_id), _parts_of(file), limit=MAX_FILE_BYTES)
        return media_type

    async def _remove_stored(self, tenant_id: UUID, attachment_id: UUID, storing: "asyncio.Task[str]") -> None:
        """An upload cannot be called back: what is deleted before it has ended could be stored again."""
        await asyncio.gather(storing, return_exceptions=True)
        async with self._database.unit_of_work(tenant_id) as work:
            leftover = await repository.lock_leftover(work, tenant_id, attachment_id)
            if leftover is not None:
                await self._remove(work, leftover)

    async def _remove(self, work: Work, leftover: Leftover) -> None:
        await self._objects.delete(_key(leftover.tenant_id, leftover.id))
        await repository.forget(work, leftover)
        if leftover.size:
            await storage.change_use(work, leftover.tenant_id, -leftover.size)

    async def _announce(
        self, principal: Principal, project_id: UUID, task_id: UUID, attachment_id: UUID, size: int
    ) -> None:
        with beside_the_write():
            async with self._database.unit_of_work(principal.tenant_id) as work:
                _require_room(await _lock(work, principal, project_id, task_id))
                await repository.announce(work, principal.tenant_id, attachment_id, size, self._clock.now())
                await storage.take_room(work, principal, size)

    def _attachment(self, principal: Principal, task: TaskState, *, kind: AttachmentKind, name: str) -> AttachmentView:
        now = self._clock.now()
        return AttachmentView(
            id=new_id(),
            tenant_id=task.tenant_id,
            project_id=task.project_id,
            task_id=task.id,
            kind=kind,
            name=name,
            url=None,
            size=None,
            media_type=None,
            created_by=principal.user_id,
            version=1,
            created_at=now,
            updated_at=now,
        )

    async def _attach(
        self, work: Work, principal: Principal, task: TaskState, attachment: AttachmentView
    ) -> AttachmentView:
        _require_room(task)
        await repository.add(work, attachment)
        await self._count(work, principal, task, 1)
        return attachment

    async def _count(self, work: Work, principal: Principal, task: TaskState, change: int) -> None:
        columns = {"attachment_count": task.attachment_count + change}
        after = await tasks.update(work, principal, task.id, columns, self._clock.now())
        tell(work, task.project_id, change_event(after, tuple(columns)))


def _require_room(task: TaskState) -> None:
    """Raises LimitReached."""
    if task.attachment_count >= MAX_ATTACHMENTS:
        raise LimitReached("attachments of a task", MAX_ATTACHMENTS)


async def _lock(work: Work, principal: Principal, project_id: UUID, task_id: UUID) -> TaskState:
    """Raises Forbidden for readers."""
    task, role = await tasks.lock(work, principal, project_id, task_id)
    require_role(role, ProjectRole.EDITOR)
    return task


def _sniff(file: IO[bytes]) -> str:
    head = file.read(SNIFFED_BYTES)
    file.seek(0)
    return sniffed_type(head)


async def _parts_of(file: IO[bytes]) -> AsyncIterator[bytes]:
    while part := await asyncio.to_thread(file.read, PART_BYTES):
        yield part


def _key(tenant_id: UUID, attachment_id: UUID) -> str:
    return object_key(tenant_id, "attachments", str(attachment_id))
