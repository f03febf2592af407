"""The wire types of usage: what a user's answers have cost, by day and model."""

from datetime import date
from uuid import UUID

import msgspec

from shared.pagination import PageQuery


class UsageQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    from_: date | None = msgspec.field(default=None, name="from")
    to: date | None = None
    """The last day."""
    user_id: UUID | None = None
    """Somebody else of the tenant, for its owners and admins; absent, oneself."""


class UsageView(msgspec.Struct, frozen=True, kw_only=True):
    user_id: UUID
    day: date
    """In UTC."""
    provider: str
    model: str
    answers: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
