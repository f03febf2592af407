"""The use cases of files. A write is one transaction; what is slow about it (reading, hashing, storing) is before."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple
from uuid import UUID

from project_service.blobs.domain import INLINE_BYTES
from project_service.blobs.service import BlobStore
from project_service.files import repository
from project_service.files.domain import Batch, read_batch, with_content
from project_service.files.repository import Listing
from project_service.files.schemas import FileInclude, FileQuery, FilesWritten, FileView, WriteFiles
from project_service.files.writing import verify, write
from project_service.projects import repository as projects
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.files import FileState
from shared.events.projects import ProjectRole
from shared.events.topics import files_topic
from shared.http.conditions import IfMatch, refuse_stale
from shared.pagination import PageOf
from shared.principal import Principal

VERIFIED_FIRST_BYTES = 1024 * 1024
"""A batch of more is checked against the files before it is stored; a smaller one that is refused is removed again."""
PAGE_CONTENT_BYTES = 8 * 1024 * 1024
ANY = IfMatch(None)


class FileContent(NamedTuple):
    """`data` where it is small, else `parts`."""

    file: FileState
    data: bytes | None
    parts: AsyncIterator[bytes] | None


class FileService:
    def __init__(self, database: Database, blobs: BlobStore, clock: Clock) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    async def find(self, principal: Principal, project_id: UUID, query: FileQuery) -> PageOf[FileView]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.VIEWER)
            page = await repository.find_page(work, principal.tenant_id, project_id, query)
        contents: dict[str, bytes] = {}
        if query.include is FileInclude.CONTENT:
            contents = await self._blobs.read(principal.tenant_id, _within_page(page.items))
        views = [with_content(file, contents.get(file.sha256)) for file in page.items]
        return PageOf(
            items=views,
            total=page.total,
            page=page.page,
            page_size=page.page_size,
            next_cursor=page.next_cursor,
            meta=page.meta,
        )

    async def get(self, principal: Principal, project_id: UUID, file_id: UUID) -> FileView:
        """With its content."""
        file = await self._get(principal, project_id, file_id)
        contents = await self._blobs.read(principal.tenant_id, [file.sha256])
        return with_content(file, contents[file.sha256])

    async def open(self, principal: Principal, project_id: UUID, file_id: UUID) -> FileContent:
        file = await self._get(principal, project_id, file_id)
        if file.size > INLINE_BYTES:
            return FileContent(file, None, await self._blobs.open(principal.tenant_id, file.sha256))
        contents = await self._blobs.read(principal.tenant_id, [file.sha256])
        return FileContent(file, contents[file.sha256], None)

    async def listing(self, principal: Principal, project_id: UUID) -> Listing:
        """All files and the place in their topic that they show: where a live client begins to follow."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.VIEWER)
            return await repository.read_listing(work, principal.tenant_id, project_id, files_topic(project_id))

    async def require_editor(self, principal: Principal, project_id: UUID) -> None:
        """Raises ProjectNotFound or Forbidden."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.EDITOR)

    async def write(
        self, principal: Principal, project_id: UUID, body: WriteFiles, if_match: IfMatch = ANY
    ) -> FilesWritten:
        batch, contents = await asyncio.to_thread(read_batch, body)
        if sum(draft.size for draft in batch.drafts) > VERIFIED_FIRST_BYTES:
            async with self._database.unit_of_work(principal.tenant_id) as work:
                await projects.require(work, principal, project_id, ProjectRole.EDITOR)
                await verify(work, principal, project_id, batch, self._clock.now(), if_match)
        async with self._blobs.staging(principal) as staging:
            await staging.add(contents)
            async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
                return await self._write(work, principal, project_id, batch, if_match)

    async def remove(self, principal: Principal, project_id: UUID, file_id: UUID, if_match: IfMatch) -> None:
        """A version without the file."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.VIEWER)
            await repository.lock_tree(work, principal.tenant_id, project_id)
            file = await repository.get(work, principal.tenant_id, project_id, file_id)
            await projects.require(work, principal, project_id, ProjectRole.EDITOR)
            refuse_stale(if_match, file)
            await self._write(work, principal, project_id, Batch([], [file.path]), ANY)

    async def _get(self, principal: Principal, project_id: UUID, file_id: UUID) -> FileState:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.VIEWER)
            return await repository.get(work, principal.tenant_id, project_id, file_id)

    async def _write(
        self, work: Work, principal: Principal, project_id: UUID, batch: Batch, if_match: IfMatch
    ) -> FilesWritten:
        await projects.require(work, principal, project_id, ProjectRole.EDITOR)
        outcome = await write(work, principal, project_id, batch, self._clock.now(), if_match)
        return FilesWritten(
            version=outcome.newest,
            files=outcome.plan.files,
            deleted=[file.path for file in outcome.plan.deleted],
        )


def _within_page(files: Sequence[FileState]) -> list[str]:
    """The first ones that together are not too much for one answer."""
    left = PAGE_CONTENT_BYTES
    chosen: list[str] = []
    for file in files:
        left -= file.size
        if left < 0:
            break
        chosen.append(file.sha256)
    return chosen
