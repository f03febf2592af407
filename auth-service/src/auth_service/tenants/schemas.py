"""Wire types of tenants."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.pagination import PageQuery
from shared.principal import Role, Tier
from shared.wire_enum import WireEnum

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


class Lifecycle(WireEnum):
    ACTIVE = "active"
    CLOSED = "closed"
    """Nobody gets in; an owner can restore it."""


class OwnTenantView(TenantView, frozen=True, kw_only=True):
    """A tenant as somebody who belongs to it sees it in their list. `restorable_until` is that of a closed one."""

    role: Role
    state: Lifecycle = Lifecycle.ACTIVE
    restorable_until: datetime | None = None


class TenantQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Closed ones are listed to their owners, who can restore them."""

    state: Lifecycle = Lifecycle.ACTIVE
