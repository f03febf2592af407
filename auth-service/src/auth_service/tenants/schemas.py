"""Wire types of tenants."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from shared.principal import Tier

TenantName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]


class TenantView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    slug: str
    tier: Tier
    version: int
    created_at: datetime
    updated_at: datetime
