"""The wire types of tags. A tag is answered as the `TagState` that its events carry."""

from typing import Annotated

import msgspec

from shared.pagination import PageQuery

TagName = Annotated[str, msgspec.Meta(min_length=1, max_length=50, pattern=r"^\S(?:.*\S)?\Z")]
Color = Annotated[str, msgspec.Meta(max_length=16, pattern=r"^#[0-9a-fA-F]{6}\Z")]


class CreateTag(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: TagName
    color: Color | None = None


class TagQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By name."""
