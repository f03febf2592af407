"""The wire types of persons. A person is answered as the `PersonState` that its events carry."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.gifting import ItemStatus, ListType, PersonState
from shared.pagination import PageQuery, SortText

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
Relationship = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Notes = Annotated[str, msgspec.Meta(max_length=10_000)]
SizeName = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
Size = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
Sizes = Annotated[dict[SizeName, Size], msgspec.Meta(max_length=30)]


class CreatePerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    relationship: Relationship | None = None
    birthday: date | None = None
    notes: Notes | None = None
    user_id: UUID | None = None
    """The member of the tenant who this person is: lists for them keep their secrets. Oneself; an admin: anybody."""
    sizes: Sizes = {}


class PatchPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    relationship: Relationship | UnsetType | None = UNSET
    birthday: date | UnsetType | None = UNSET
    notes: Notes | UnsetType | None = UNSET
    user_id: UUID | UnsetType | None = UNSET
    sizes: Sizes | UnsetType = UNSET


class PersonQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    q: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    """A part of the name, in any case."""
    sort: SortText = "name"
    """`name` or `created_at`; with `-` in front, descending."""


class HistoryQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Newest first."""


class GivenGift(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was bought or given. `year` is that of the purchase, or of what came last."""

    id: UUID
    list_id: UUID
    list_name: str
    occasion_id: UUID | None
    occasion_name: str | None
    gift_id: UUID | None
    name: str | None
    status: ItemStatus
    quantity: int
    price: int | None
    currency: str | None
    year: int
    moved_at: datetime


class ListOfPerson(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    type: ListType


class OccasionOfPerson(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    date: date


class Relationships(msgspec.Struct, frozen=True, kw_only=True):
    """What the person is part of: at most 100 of each, the newest."""

    lists: tuple[ListOfPerson, ...]
    occasions: tuple[OccasionOfPerson, ...]


class PersonDetail(PersonState, frozen=True, kw_only=True):
    """`history` has the latest 20; the rest is at the person's `history`."""

    history: tuple[GivenGift, ...]
    relationships: Relationships
