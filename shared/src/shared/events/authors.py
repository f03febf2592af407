"""Who wrote something, as readers see them beside the id."""

from uuid import UUID

import msgspec

FORMER_MEMBER = "Former member"
"""Stands for the name of everybody who has left the tenant, whether their account is still there or erased."""


class Author(msgspec.Struct, frozen=True):
    """`display_name` is the member's at the time of reading; null for somebody who joined a moment ago."""

    id: UUID
    display_name: str | None
