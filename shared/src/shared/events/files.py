"""What project-service tells of files: the files themselves, never their contents, and the versions they make."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.events.authors import Author
from shared.events.changes import Change
from shared.events.envelope import LiveEvent
from shared.wire_enum import WireEnum


class VersionKind(WireEnum):
    """What made a version."""

    WRITE = "write"
    RESTORE = "restore"
    IMPORT = "import"
    TEMPLATE = "template"


class FileState(msgspec.Struct, frozen=True, kw_only=True):
    """A file without its content. `size` is in bytes, `sha256` in hexadecimal."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    path: str
    size: int
    sha256: str
    language: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class FileRemoved(msgspec.Struct, frozen=True):
    id: UUID
    path: str


class VersionState(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a project's files. Versions of a project are numbered from 1 without holes; `version` is that."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int
    kind: VersionKind
    message: str | None
    author_id: UUID
    author: Author | None = None
    """Absent only in events of before there was one."""
    added: int
    updated: int
    deleted: int
    file_count: int
    """Of the whole project, as `total_size` (bytes) is."""
    total_size: int
    created_at: datetime
    updated_at: datetime


class FilesChangedState(msgspec.Struct, frozen=True, kw_only=True):
    """So much at once that it is cheaper to read the list again."""

    project_id: UUID
    version: int
    added: int
    updated: int
    deleted: int


class FileAdded(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.file.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: FileState


class FileUpdated(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.file.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: FileState


class FileDeleted(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.file.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: FileRemoved


class FilesChanged(Change, frozen=True, kw_only=True):
    """Instead of the others, for a large batch; `entity_id` is the project's."""

    type: ClassVar[str] = "project.files.changed"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: FilesChangedState


class VersionAdded(Change, frozen=True, kw_only=True):
    """Follows what changed in the version."""

    type: ClassVar[str] = "project.version.added"
    schema_version: ClassVar[int] = 2
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    author_field: ClassVar[str] = "author_id"
    payload: VersionState
