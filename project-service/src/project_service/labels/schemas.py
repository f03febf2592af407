"""The wire types of labels. A label is answered as the `LabelState` that its event carries."""

from typing import Annotated

import msgspec

from shared.pagination import PageQuery, SortText

LabelName = Annotated[str, msgspec.Meta(min_length=1, max_length=50, pattern=r"^\S(?:.*\S)?\Z")]
Color = Annotated[str, msgspec.Meta(max_length=16, pattern=r"^#[0-9a-fA-F]{6}\Z")]


class CreateLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: LabelName
    """Unique in its project, in any case."""
    color: Color | None = None
    """`#rrggbb`."""


class LabelQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sort: SortText = "name"
    """`name` or `created_at`; with `-` in front, descending."""
