"""The wire types of activity."""

from datetime import datetime
from uuid import UUID

import msgspec

from shared.pagination import PageQuery


class ActivityQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Newest first."""


class ActivityView(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody did something, and to what; never what was written. `actor_id` is null for our own doing."""

    id: UUID
    project_id: UUID
    actor_id: UUID | None
    type: str
    """`task.status_changed`: noun and verb."""
    entity_type: str
    entity_id: UUID
    changed_fields: tuple[str, ...]
    occurred_at: datetime
