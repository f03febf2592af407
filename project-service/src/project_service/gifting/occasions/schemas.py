"""The wire types of occasions."""

import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from project_service.gifting.money import DEFAULT_CURRENCY, Amount, Currency
from shared.events.gifting import OccasionKind, OccasionState, Recurrence
from shared.pagination import PageQuery, SortText

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
Timezone = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
PersonIds = Annotated[list[UUID], msgspec.Meta(max_length=200)]


class CreateOccasion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    date: datetime.date
    kind: OccasionKind = OccasionKind.OTHER
    recurrence: Recurrence = Recurrence.NONE
    timezone: Timezone = "UTC"
    """Where the day begins, in which `next_date` is counted."""
    person_ids: PersonIds = []
    budget: Amount | None = None
    """For everybody together, in minor units of `currency`."""
    currency: Currency = DEFAULT_CURRENCY


class PatchOccasion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    date: datetime.date | UnsetType = UNSET
    kind: OccasionKind | UnsetType = UNSET
    recurrence: Recurrence | UnsetType = UNSET
    timezone: Timezone | UnsetType = UNSET
    person_ids: PersonIds | UnsetType = UNSET
    budget: Amount | UnsetType | None = UNSET
    currency: Currency | UnsetType = UNSET


class OccasionQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: OccasionKind | None = None
    person_id: UUID | None = None
    sort: SortText = "date"
    """`date`, `name` or `created_at`; with `-` in front, descending."""


class OccasionView(OccasionState, frozen=True, kw_only=True):
    next_date: datetime.date | None
    """From today on; null when it is over."""


class PersonSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Items by status. `budget` is an equal part of the occasion's, `spent` what was bought in its currency."""

    person_id: UUID
    name: str
    idea: int
    selected: int
    purchased: int
    received: int
    budget: int | None
    spent: int


class OccasionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Only what the caller may know of: of a list that keeps secrets from them, nothing is counted."""

    occasion_id: UUID
    budget: int | None
    spent: int
    currency: str
    people: tuple[PersonSummary, ...]
