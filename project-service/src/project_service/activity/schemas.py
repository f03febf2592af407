"""The wire types of activity."""

from datetime import datetime
from uuid import UUID

import msgspec

from shared.events.authors import Author
from shared.pagination import PageQuery


class ActivityQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Newest first."""


class Activity(msgspec.Struct, frozen=True, kw_only=True):
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


class ActivityView(Activity, frozen=True, kw_only=True):
    author: Author | None
    """Who did it, with their name; null where `actor_id` is."""
