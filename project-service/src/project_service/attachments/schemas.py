"""The wire types of attachments."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from shared.pagination import PageQuery, SortText
from shared.wire_enum import WireEnum


class AttachmentKind(WireEnum):
    FILE = "file"
    LINK = "link"


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tenant_id: UUID
    project_id: UUID
    task_id: UUID
    kind: AttachmentKind
    name: str
    url: str | None
    """Of a link."""
    size: int | None
    """Of a file, in bytes."""
    media_type: str | None
    """Of a file, as its first bytes look; what its sender said is not believed."""
    created_by: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class CreateLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    """http or https. It is kept as it is and never fetched."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"\S")] | None = None


class AttachmentQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sort: SortText = "created_at"
    """`created_at`; with `-` in front, descending."""


class Download(msgspec.Struct, frozen=True):
    url: str
    expires_at: datetime
