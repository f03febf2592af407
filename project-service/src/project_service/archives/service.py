"""The use cases of archives: a project out as one ZIP, a ZIP in as one project."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from project_service.archives.packing import Member, pack
from project_service.archives.unpacking import Archive
from project_service.blobs.service import BlobStore, Staging
from project_service.files import repository as files
from project_service.files.domain import Batch, Draft
from project_service.files.writing import write
from project_service.projects import repository as projects
from project_service.projects.access import require_creator
from project_service.projects.schemas import LONGEST_NAME, CreateProject, ProjectView
from project_service.projects.service import create, require_project_room
from project_service.repeats import answered_before_refused
from project_service.threads import LongWork
from project_service.uploads import Upload
from shared.clock import Clock
from shared.db.databases import Database
from shared.events.files import FileState, VersionKind
from shared.idempotency import beside_the_write
from shared.open_streams import OpenStreams
from shared.principal import Principal

GROUP_BYTES = 1024 * 1024
GROUP_FILES = 200
UNNAMED = "Imported project"


class Packed(NamedTuple):
    name: str
    parts: AsyncIterator[bytes]


class ArchiveService:
    def __init__(self, database: Database, blobs: BlobStore, clock: Clock, threads: LongWork) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._threads = threads
        self._downloads = OpenStreams()

    async def pack(self, principal: Principal, project_id: UUID) -> Packed:
        """The files as they are now, however long the reading takes: contents never change. Raises TooManyRequests."""
        self._downloads.require_room(principal.user_id)
        async with self._database.unit_of_work(principal.tenant_id) as work:
            project = await projects.get(work, principal, project_id)
            found = await files.find_all(work, principal.tenant_id, project_id)
        parts = pack(self._members(principal.tenant_id, found), self._threads)
        return Packed(project.name, self._downloads.open(principal.user_id, parts))

    async def unpack(self, principal: Principal, upload: Upload, name: str | None) -> ProjectView:
        """A project with one version. Raises InvalidArchive before anything is stored, Forbidden, TierLimitExceeded."""
        require_creator(principal)
        await self._require_room(principal)
        archive = await self._threads.run(Archive, upload.file)
        await self._verify(archive)
        async with self._blobs.staging(principal) as staging:
            async with answered_before_refused(self._database, principal):
                drafts = await self._stage(staging, archive)
            batch = Batch(drafts, kind=VersionKind.IMPORT, message="Imported")
            async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
                now = self._clock.now()
                project = await create(work, principal, CreateProject(name=name or _called(upload)), now)
                await write(work, principal, project.id, batch, now)
                return work.answer(project)

    async def _require_room(self, principal: Principal) -> None:
        async with answered_before_refused(self._database, principal):
            with beside_the_write():
                async with self._database.unit_of_work(principal.tenant_id) as work:
                    await require_project_room(work, principal)

    async def _verify(self, archive: Archive) -> None:
        """Inflates all of it once and keeps nothing: what is wrong at its end is known before its beginning is kept."""
        while await self._threads.run(archive.next_group):
            pass
        archive.rewind()

    async def _stage(self, staging: Staging, archive: Archive) -> list[Draft]:
        drafts: list[Draft] = []
        while group := await self._threads.run(archive.next_group):
            await staging.add(entry.content for entry in group)
            drafts += [Draft(entry.path, entry.content.sha256, len(entry.content.data)) for entry in group]
        return drafts

    async def _members(self, tenant_id: UUID, found: Sequence[FileState]) -> AsyncIterator[Sequence[Member]]:
        for group in _groups(found):
            contents = await self._blobs.read(tenant_id, [file.sha256 for file in group])
            yield [Member(file.path, contents[file.sha256]) for file in group]


def _called(upload: Upload) -> str:
    name = (upload.name or "").removesuffix(".zip")[:LONGEST_NAME]
    return name.strip() or UNNAMED


def _groups(found: Sequence[FileState]) -> Iterator[list[FileState]]:
    """In their order, each of about a MiB, or one larger file."""
    group: list[FileState] = []
    size = 0
    for file in found:
        if group and (size + file.size > GROUP_BYTES or len(group) == GROUP_FILES):
            yield group
            group, size = [], 0
        group.append(file)
        size += file.size
    if group:
        yield group
