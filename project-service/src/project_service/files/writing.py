"""One batch, one version: how files change, whoever asks for it (a write, a restore, an import, a template)."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple, ParamSpec, TypeVar
from uuid import UUID

import msgspec

from project_service.blobs.service import keep
from project_service.files import repository
from project_service.files.domain import (
    Batch,
    Plan,
    Tree,
    deleted_files,
    folder_probes,
    keys_of,
    plan,
    require_file_room,
)
from shared.db.unit_of_work import Work
from shared.events.changes import Change
from shared.events.files import (
    FileAdded,
    FileDeleted,
    FileRemoved,
    FilesChanged,
    FilesChangedState,
    FileUpdated,
    VersionAdded,
    VersionKind,
    VersionState,
)
from shared.events.topics import files_topic
from shared.http.conditions import IfMatch, refuse_stale
from shared.ids import new_id
from shared.messaging.redaction import redact_subjects
from shared.principal import Principal

MOST_SINGLE_EVENTS = 50
"""A larger batch is told in one event: its frames would fill a live client's buffer (64 KiB)."""


SMALL_BATCH = 100
"""Files: what is decided about so many is not worth a change of threads."""
P = ParamSpec("P")
T = TypeVar("T")


class Outcome(NamedTuple):
    """`version` is None where nothing changed."""

    plan: Plan
    version: VersionState | None
    newest: int
    """The number of the newest version."""


async def write(
    work: Work, principal: Principal, project_id: UUID, batch: Batch, now: datetime, if_match: IfMatch | None = None
) -> Outcome:
    """The contents are staged, the caller's right is checked. `if_match` is about the newest version of the project.

    Raises PreconditionFailed, InvalidPath, FileVersionConflict or LimitReached.
    """
    tenant_id = principal.tenant_id
    tree = await repository.lock_tree(work, tenant_id, project_id)
    if if_match is not None:
        refuse_stale(if_match, tree)
    made = await _plan(work, tenant_id, project_id, batch, now)
    if made.is_empty:
        return Outcome(made, None, tree.version)
    grown = _grown(batch, tree, made)
    await keep(work, tenant_id, {file.sha256 for file in made.written})
    if made.deleted:
        await repository.remove(work, tenant_id, project_id, made.deleted)
    if made.written:
        await repository.put(work, tenant_id, project_id, made.written)
    version = _version(principal, project_id, batch, made, grown, now)
    version = await repository.add_version(work, version, made, principal.tier)
    redact_subjects(work, tenant_id, [file.id for file in made.deleted])  # a large batch tells of none of them
    for event in _events(made, version):
        work.publish(event, topics=[files_topic(project_id)], subject=str(event.entity_id))
    return Outcome(made, version, version.version)


async def verify(
    work: Work, principal: Principal, project_id: UUID, batch: Batch, now: datetime, if_match: IfMatch
) -> None:
    """Refuses what `write` would refuse as the files are now, before anything is stored for it; locks nothing."""
    tree = await repository.get_tree(work, principal.tenant_id, project_id)
    refuse_stale(if_match, tree)
    _grown(batch, tree, await _plan(work, principal.tenant_id, project_id, batch, now))


async def _plan(work: Work, tenant_id: UUID, project_id: UUID, batch: Batch, now: datetime) -> Plan:
    """Costs what the batch names, however many files the project has."""
    size = len(batch.drafts) + len(batch.deletes)
    keys = await _decided(size, keys_of, batch)
    current = await repository.find_by_key(work, tenant_id, project_id, keys.all)
    deleted = deleted_files(batch, current)
    below = await repository.find_below(work, tenant_id, project_id, folder_probes(keys, current, deleted))
    folders = {folder for folder, key in below if key not in deleted}
    return await _decided(size, plan, batch, current, deleted, folders, tenant_id, project_id, now)


async def _decided(size: int, decide: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """In a thread where it takes a while."""
    if size <= SMALL_BATCH:
        return decide(*args, **kwargs)
    return await asyncio.to_thread(decide, *args, **kwargs)


def _grown(batch: Batch, tree: Tree, made: Plan) -> Tree:
    """Raises LimitReached, but not for going back to what once was."""
    grown = made.grown(tree)
    if batch.kind is not VersionKind.RESTORE:
        require_file_room(tree, grown)
    return grown


def _version(
    principal: Principal, project_id: UUID, batch: Batch, made: Plan, tree: Tree, now: datetime
) -> VersionState:
    return VersionState(
        id=new_id(),
        tenant_id=principal.tenant_id,
        project_id=project_id,
        version=tree.version,
        kind=batch.kind,
        message=batch.message,
        author_id=principal.user_id,
        added=len(made.added),
        updated=len(made.updated),
        deleted=len(made.deleted),
        file_count=tree.file_count,
        total_size=tree.total_size,
        created_at=now,
        updated_at=now,
    )


def _events(made: Plan, version: VersionState) -> Iterator[Change]:
    if len(made.written) + len(made.deleted) <= MOST_SINGLE_EVENTS:
        yield from _single_events(made)
    else:
        yield FilesChanged(
            entity_id=version.project_id,
            version=version.version,
            payload=msgspec.convert(version, FilesChangedState, from_attributes=True),
        )
    yield VersionAdded(entity_id=version.id, version=version.version, payload=version)


def _single_events(made: Plan) -> Iterator[Change]:
    for file in made.added:
        yield FileAdded(entity_id=file.id, version=file.version, payload=file)
    for before, file in zip(made.replaced, made.updated, strict=True):
        fields = ("size", "sha256", "language")
        changed = tuple(name for name in fields if getattr(before, name) != getattr(file, name))
        yield FileUpdated(entity_id=file.id, version=file.version, changed_fields=changed, payload=file)
    for file in made.deleted:
        yield FileDeleted(entity_id=file.id, version=file.version + 1, payload=FileRemoved(file.id, file.path))
