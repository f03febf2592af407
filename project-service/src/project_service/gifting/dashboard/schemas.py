"""The wire types of the dashboard."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from project_service.gifting.occasions.schemas import OccasionView
from shared.events.authors import Author
from shared.events.gifting import ListItemState


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """How many items there are of each status."""

    idea: int = 0
    selected: int = 0
    purchased: int = 0
    received: int = 0


class PersonCard(msgspec.Struct, frozen=True, kw_only=True):
    """A person, and how many items for them there are of each status."""

    id: UUID
    name: str
    relationship: str | None
    birthday: date | None
    idea: int
    selected: int
    purchased: int
    received: int


class GiftActivityView(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody did something, and to what; never what was written. `actor_id` is null for our own doing."""

    id: UUID
    actor_id: UUID | None
    author: Author | None
    """Who did it, with their name; null where `actor_id` is."""
    type: str
    """`list_item.status_changed`: noun and verb."""
    entity_id: UUID
    occurred_at: datetime


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """Only what the caller may know of: of a list that keeps secrets from them, nothing is counted."""

    next_occasion: OccasionView | None
    upcoming: tuple[OccasionView, ...]
    """The first five, with the next one."""
    pipeline: Pipeline
    people: tuple[PersonCard, ...]
    """The first twenty by name."""
    ideas: tuple[ListItemState, ...]
    """The newest ten."""
    activity: tuple[GiftActivityView, ...]
    """The newest twenty."""
