"""Rules of closing an account: how long it is kept before it is erased, and what is left of it then."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

KEPT_FOR = timedelta(days=30)
FIRST_NAME, LAST_NAME = "Deleted", "user"


class Ownership(NamedTuple):
    """A tenant that the leaving user owns, and who else is active in it."""

    tenant_id: UUID
    other_owners: int
    other_members: int

    @property
    def would_be_orphaned(self) -> bool:
        """People would be left without an owner. A tenant of the user alone is closed with their account."""
        return self.other_owners == 0 and self.other_members > 0

    @property
    def would_be_deserted(self) -> bool:
        return self.other_members == 0


class FormerMember(NamedTuple):
    tenant_id: UUID
    user_id: UUID


def anonymous_email(user_id: UUID) -> str:
    """Nobody can receive mail there (RFC 2606), and the address that was used is free again."""
    return f"deleted-{user_id.hex}@deleted.invalid"
