"""Wire types of tenants."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.pagination import PageQuery
from shared.principal import Role, Tier

TenantName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
Slug = Annotated[str, Meta(min_length=1, max_length=48, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z")]


class CreateTenant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: TenantName
    slug: Slug | None = None


class PatchTenant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: TenantName | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET


class TenantView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    slug: str
    tier: Tier
    version: int
    created_at: datetime
    updated_at: datetime


class OwnTenantView(TenantView, frozen=True, kw_only=True):
    """A tenant as somebody who belongs to it sees it in their list."""

    role: Role


class TenantQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing but the page."""
