"""The wire types of lists. A list is answered as the `GiftListState` that its events carry."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.gifting import GiftListState, ListItemState, ListType
from shared.events.projects import Visibility
from shared.pagination import PageQuery, SortText

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class CreateList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    type: ListType = ListType.WISHLIST
    person_id: UUID | None = None
    """Whom it is for; as the type, it stays as it is."""
    occasion_id: UUID | None = None
    visibility: Visibility = Visibility.TENANT
    """Private: nobody but you sees it."""
    reveal_at: Moment | None = None
    """From then on the person sees everything."""


class PatchList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    occasion_id: UUID | UnsetType | None = UNSET
    visibility: Visibility | UnsetType = UNSET
    reveal_at: Moment | UnsetType | None = UNSET


class ListQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: ListType | None = None
    person_id: UUID | None = None
    occasion_id: UUID | None = None
    sort: SortText = "-created_at"
    """`created_at`, `updated_at` or `name`; with `-` in front, descending."""


class ListDetail(GiftListState, frozen=True, kw_only=True):
    """With its first 100 items; all of them are at the list's `items`."""

    items: tuple[ListItemState, ...]
