"""The use cases of versions: looking back, comparing, going back."""

import time
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import msgspec

from project_service.blobs.service import BlobStore
from project_service.files import repository as files
from project_service.files.domain import Batch, Draft, as_text
from project_service.files.writing import write
from project_service.projects import repository as projects
from project_service.threads import LongWork
from project_service.versions import repository
from project_service.versions.patches import unified
from project_service.versions.repository import Difference
from project_service.versions.schemas import (
    DiffQuery,
    FileDiff,
    Omission,
    Op,
    VersionDetail,
    VersionDiff,
    VersionListQuery,
    VersionQuery,
)
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.files import VersionKind, VersionState
from shared.events.projects import ProjectRole
from shared.http.conditions import IfMatch
from shared.pagination import PageOf
from shared.principal import Principal

MAX_PATCHED_BYTES = 512 * 1024  # of each side of one file
MAX_COMPARED_BYTES = 8 * 1024 * 1024  # of one answer
SEARCH_SECONDS = 2.0  # of one answer


class VersionService:
    def __init__(self, database: Database, blobs: BlobStore, clock: Clock, threads: LongWork) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._threads = threads

    async def find(self, principal: Principal, project_id: UUID, query: VersionListQuery) -> PageOf[VersionState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.VIEWER)
            return await repository.find_page(work, principal.tenant_id, project_id, query)

    async def get(self, principal: Principal, project_id: UUID, version: int, query: VersionQuery) -> VersionDetail:
        tenant_id = principal.tenant_id
        async with self._database.unit_of_work(tenant_id) as work:
            found = await self._get(work, principal, project_id, version)
            changes = await repository.find_changes(work, tenant_id, project_id, version)
            detail = VersionDetail(**msgspec.structs.asdict(found), changes=changes)
            if query.include is None:
                return detail
            then = await repository.find_files(work, tenant_id, project_id, version)
            return msgspec.structs.replace(detail, files=then)

    async def diff(self, principal: Principal, project_id: UUID, version: int, query: DiffQuery) -> VersionDiff:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await self._get(work, principal, project_id, version)
            old = query.against
            if old is None:
                is_first = await repository.is_first(work, principal.tenant_id, project_id, version)
                old = 0 if is_first else version - 1
            if old:
                await repository.get(work, principal.tenant_id, project_id, old)
            found = await repository.find_differences(work, principal.tenant_id, project_id, old, version)
        contents = await self._blobs.read(principal.tenant_id, _within_answer(found))
        compared = await self._threads.run(lambda: list(_compare(found, contents)))
        return VersionDiff(from_version=old, to_version=version, files=compared)

    async def restore(self, principal: Principal, project_id: UUID, version: int, if_match: IfMatch) -> VersionState:
        """A new version with the files of an old one; the newest one, where they are the same."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await self._get(work, principal, project_id, version)
            await projects.require(work, principal, project_id, ProjectRole.EDITOR)
            newest = await files.lock_tree(work, principal.tenant_id, project_id)
            found = await repository.find_differences(work, principal.tenant_id, project_id, newest.version, version)
            outcome = await write(work, principal, project_id, _back(found, version), self._clock.now(), if_match)
            made = outcome.version or await repository.get(work, principal.tenant_id, project_id, newest.version)
            return work.answer(made)

    async def _get(self, work: Work, principal: Principal, project_id: UUID, version: int) -> VersionState:
        await projects.require(work, principal, project_id, ProjectRole.VIEWER)
        return await repository.get(work, principal.tenant_id, project_id, version)


def _back(found: Sequence[Difference], version: int) -> Batch:
    """`found` leads from the newest version to that one."""
    drafts = [
        Draft(each.path, each.new_sha256, each.new_size, each.new_language)
        for each in found
        if each.new_sha256 is not None and each.new_size is not None
    ]
    deletes = [each.path for each in found if each.new_sha256 is None]
    return Batch(drafts, deletes, VersionKind.RESTORE, f"Restored version {version}")


def _within_answer(found: Sequence[Difference]) -> set[str]:
    """The contents to compare: of files that are not too large, until there are too many."""
    left = MAX_COMPARED_BYTES
    chosen: set[str] = set()
    for each in found:
        sizes = (each.old_size or 0, each.new_size or 0)
        left -= sum(sizes) if max(sizes) <= MAX_PATCHED_BYTES else 0
        if left < 0:
            break
        if max(sizes) <= MAX_PATCHED_BYTES:
            chosen.update(sha256 for sha256 in (each.old_sha256, each.new_sha256) if sha256 is not None)
    return chosen


def _compare(found: Sequence[Difference], contents: Mapping[str, bytes]) -> Iterator[FileDiff]:
    deadline = time.monotonic() + SEARCH_SECONDS
    for each in found:
        old, new = (b"" if sha256 is None else contents.get(sha256) for sha256 in (each.old_sha256, each.new_sha256))
        op = Op.ADDED if each.old_sha256 is None else Op.DELETED if each.new_sha256 is None else Op.UPDATED
        if old is None or new is None:
            yield FileDiff(path=each.path, op=op, patch=None, omitted=Omission.TOO_LARGE)
        elif (texts := _as_texts(old, new)) is None:
            yield FileDiff(path=each.path, op=op, patch=None, omitted=Omission.BINARY)
        else:
            yield FileDiff(path=each.path, op=op, patch=unified(*texts, *_names(each.path, op), deadline))


def _names(path: str, op: Op) -> tuple[str, str]:
    return "/dev/null" if op is Op.ADDED else f"a/{path}", "/dev/null" if op is Op.DELETED else f"b/{path}"


def _as_texts(old: bytes, new: bytes) -> tuple[str, str] | None:
    texts = as_text(old), as_text(new)
    return None if texts[0] is None or texts[1] is None else (texts[0], texts[1])
