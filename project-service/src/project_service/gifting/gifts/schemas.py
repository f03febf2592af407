"""The wire types of gifts. A gift is answered as the `GiftState` that its events carry."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from project_service.gifting.money import Amount, Currency
from shared.events.gifting import MetadataStatus
from shared.pagination import PageQuery, SortText

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"\S")]
WebAddress = Annotated[
    str, msgspec.Meta(max_length=2048, pattern=r"^https?://[^\s\x00-\x1f\\]+\Z", examples=["https://example.com/"])
]
Notes = Annotated[str, msgspec.Meta(max_length=10_000)]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=50, pattern=r"\S")]
Tags = Annotated[list[Tag], msgspec.Meta(max_length=30)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class CreateGift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name, or a `url` that name, price and image are read from as far as they are not given."""

    name: Name | None = None
    url: WebAddress | None = None
    price: Amount | None = None
    """In minor units of `currency`."""
    currency: Currency | None = None
    image_url: WebAddress | None = None
    notes: Notes | None = None
    tags: Tags = []


class PatchGift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name | UnsetType | None = UNSET
    url: WebAddress | UnsetType | None = UNSET
    price: Amount | UnsetType | None = UNSET
    currency: Currency | UnsetType | None = UNSET
    image_url: WebAddress | UnsetType | None = UNSET
    notes: Notes | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET


class GiftQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tag: Words | None = None
    sort: SortText = "-created_at"
    """`created_at`, `updated_at` or `name`; with `-` in front, descending."""


class GiftSearch(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    q: Words
    """A part of name, notes or tags, in any case."""
    sort: SortText = "-created_at"


class PreviewUrl(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: WebAddress


class UrlPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a gift from this address would be filled with."""

    url: str
    metadata_status: MetadataStatus
    name: str | None
    price: int | None
    currency: str | None
    image_url: str | None
