"""The wire types of versions. A version is answered as the `VersionState` that its event carries."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.files import VersionState
from shared.pagination import PageQuery, SortText
from shared.wire_enum import WireEnum

MAX_VERSION = 2**31 - 1


class Op(WireEnum):
    ADDED = "added"
    UPDATED = "updated"
    DELETED = "deleted"


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """`size` (bytes) and `sha256` are those after the change, null where it deleted the file."""

    path: str
    op: Op
    file_id: UUID
    size: int | None
    sha256: str | None
    language: str | None


class FileThen(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was in a version."""

    path: str
    size: int
    sha256: str
    language: str | None


class VersionDetail(VersionState, frozen=True, kw_only=True):
    changes: list[FileChange]
    """In the first version that is kept: every file there was, as `added`."""

    files: list[FileThen] | UnsetType = UNSET
    """All files of the project in that version, where asked for."""


class VersionListQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sort: SortText = "-version"
    """`version`; with `-` in front, descending."""


class VersionInclude(WireEnum):
    FILES = "files"


class VersionQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    include: VersionInclude | None = None


class DiffQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    against: Annotated[int, msgspec.Meta(ge=0, le=MAX_VERSION)] | None = None
    """An older or newer version; absent: the one before. 0 is the project without files."""


class Omission(WireEnum):
    """Why a difference has no patch."""

    BINARY = "binary"
    TOO_LARGE = "too_large"


class FileDiff(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    op: Op
    patch: str | None
    """Unified; null where the content is not text, or too much."""
    omitted: Omission | None = None


class VersionDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be done to `from` to arrive at `to`."""

    from_version: int = msgspec.field(name="from")
    to_version: int = msgspec.field(name="to")
    files: list[FileDiff]
