"""What gift planning tells: persons, occasions, lists with their items, gifts.

Where something is kept from somebody, an event goes out twice: for everybody else, and as that one user sees it.
"""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.events.changes import Guarded, Removed
from shared.events.envelope import LiveEvent
from shared.events.projects import Visibility
from shared.wire_enum import WireEnum


class OccasionKind(WireEnum):
    BIRTHDAY = "birthday"
    CHRISTMAS = "christmas"
    WEDDING = "wedding"
    ANNIVERSARY = "anniversary"
    HOLIDAY = "holiday"
    OTHER = "other"


class Recurrence(WireEnum):
    NONE = "none"
    YEARLY = "yearly"


class ListType(WireEnum):
    WISHLIST = "wishlist"
    IDEAS = "ideas"
    ASSIGNED = "assigned"


class ItemStatus(WireEnum):
    """In the order of a gift's life."""

    IDEA = "idea"
    SELECTED = "selected"
    PURCHASED = "purchased"
    RECEIVED = "received"


class MetadataStatus(WireEnum):
    PENDING = "pending"
    READY = "ready"
    BLOCKED = "blocked"
    FAILED = "failed"


class PersonState(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is given gifts; with `user_id`, a member of the tenant as well."""

    id: UUID
    tenant_id: UUID
    name: str
    relationship: str | None
    birthday: date | None
    notes: str | None
    user_id: UUID | None
    sizes: dict[str, str]
    created_by: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class OccasionState(msgspec.Struct, frozen=True, kw_only=True):
    """`budget` is in minor units of `currency`."""

    id: UUID
    tenant_id: UUID
    name: str
    date: date
    kind: OccasionKind
    recurrence: Recurrence
    timezone: str
    person_ids: tuple[UUID, ...]
    budget: int | None
    currency: str
    created_by: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class GiftListState(msgspec.Struct, frozen=True, kw_only=True):
    """Until `reveal_at` (null: for ever) it keeps its secrets from the member of the tenant whom `person_id` is."""

    id: UUID
    tenant_id: UUID
    name: str
    type: ListType
    person_id: UUID | None
    occasion_id: UUID | None
    visibility: Visibility
    reveal_at: datetime | None
    created_by: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes part in a gift, and how many percent of it are theirs."""

    user_id: UUID
    share: int


class ListItemState(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is null, and nobody is assigned, where that is kept from the reader. `assigned_to` claimed it first."""

    id: UUID
    tenant_id: UUID
    list_id: UUID
    gift_id: UUID | None
    name: str | None
    status: ItemStatus | None
    assigned_to: UUID | None
    quantity: int
    shares: tuple[Share, ...]
    added_by: UUID
    notes: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class GiftState(msgspec.Struct, frozen=True, kw_only=True):
    """`price` is in minor units of `currency`; `metadata_status` is null without a `url` to read."""

    id: UUID
    tenant_id: UUID
    name: str | None
    url: str | None
    price: int | None
    currency: str | None
    image_url: str | None
    notes: str | None
    tags: tuple[str, ...]
    metadata_status: MetadataStatus | None
    created_by: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class PersonAdded(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.person.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    relinked: tuple[UUID, ...] = ()
    """Users who are somebody else's secret now, or are no more: what they follow, they follow anew."""
    payload: PersonState


class PersonUpdated(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.person.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    relinked: tuple[UUID, ...] = ()
    payload: PersonState


class PersonDeleted(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.person.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    relinked: tuple[UUID, ...] = ()
    payload: Removed


class OccasionAdded(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.occasion.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: OccasionState


class OccasionUpdated(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.occasion.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: OccasionState


class OccasionDeleted(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.occasion.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: Removed


class GiftListAdded(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.list.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: GiftListState


class GiftListUpdated(Guarded, frozen=True, kw_only=True):
    """Where `visibility` has changed, everybody sees it from now on, and its items are to be read."""

    type: ClassVar[str] = "project.list.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: GiftListState


class GiftListDeleted(Guarded, frozen=True, kw_only=True):
    """With its items."""

    type: ClassVar[str] = "project.list.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: Removed


class GiftListWithdrawn(Guarded, frozen=True, kw_only=True):
    """Private from now on: with its items it is gone from where everybody saw it."""

    type: ClassVar[str] = "project.list.withdrawn"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: Removed


class RemovedListItem(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    list_id: UUID


class ListItemAdded(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.list_item.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: ListItemState


class ListItemUpdated(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.list_item.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: ListItemState


class ListItemStatusChanged(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.list_item.status_changed"
    live: ClassVar[LiveEvent] = LiveEvent.STATUS_CHANGED
    payload: ListItemState


class ListItemAssigned(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.list_item.assigned"
    live: ClassVar[LiveEvent] = LiveEvent.ASSIGNED
    payload: ListItemState


class ListItemDeleted(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.list_item.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: RemovedListItem


class GiftAdded(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.gift.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: GiftState


class GiftUpdated(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.gift.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: GiftState


class GiftDeleted(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.gift.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: Removed
