"""Wire types of the list of devices."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.pagination import PageQuery


class SessionQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    default_size: ClassVar[int] = 20


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A device that is signed in. `tenant_id` is of the tenant it is signed in to."""

    id: UUID
    tenant_id: UUID
    device: str
    ip: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    """When it signed in or refreshed last."""
    expires_at: datetime
    current: bool
