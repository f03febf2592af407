"""Wire types of API keys."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from auth_service.step_up.schemas import WithProof
from shared.pagination import PageQuery
from shared.scopes import SCOPES

KeyName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]


class CreateApiKey(WithProof, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: KeyName
    scopes: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(min_length=1, max_length=len(SCOPES))]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    """Never when absent."""


class ApiKeyQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Newest first."""


class ApiKeyView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tenant_id: UUID
    user_id: UUID
    name: str
    prefix: str
    """How the key begins, to tell it from others."""
    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None
    """Right to a minute."""
    version: int
    created_at: datetime
    updated_at: datetime


class NewApiKey(ApiKeyView, frozen=True, kw_only=True):
    key: str
    """Shown this once."""
