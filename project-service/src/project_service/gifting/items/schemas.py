"""The wire types of the items of lists. An item is answered as the `ListItemState` that its events carry."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.gifting import ItemStatus
from shared.pagination import PageQuery, SortText

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"\S")]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Notes = Annotated[str, msgspec.Meta(max_length=10_000)]
Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]


class CreateItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gift, or a name, or both."""

    gift_id: UUID | None = None
    name: Name | None = None
    quantity: Quantity = 1
    notes: Notes | None = None


class PatchItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gift_id: UUID | UnsetType | None = UNSET
    name: Name | UnsetType | None = UNSET
    quantity: Quantity | UnsetType = UNSET
    notes: Notes | UnsetType | None = UNSET


class MoveItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: ItemStatus


class AssignItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    user_id: UUID | None
    """Null gives it back: your share, or for admins everybody's."""
    share: Percent | None = None
    """How much of it, in percent: others may take the rest. Absent means all of it."""


class ItemQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sort: SortText = "created_at"
    """`created_at` or `updated_at`; with `-` in front, newest first."""
