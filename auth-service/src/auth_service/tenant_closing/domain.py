"""Rules of closing a tenant: how long it can be restored, and what says that somebody may do it without a session."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from auth_service.tenants.domain import RESTORABLE_DAYS

RESTORABLE_FOR = timedelta(days=RESTORABLE_DAYS)
TOKEN_LIFE = timedelta(minutes=10)  # as long as a step-up counts: the password was right that short a time ago


class Closure(msgspec.Struct, frozen=True, kw_only=True):
    """A closed tenant as one of its members meets it."""

    tenant_id: UUID
    closed_at: datetime
    is_owner: bool

    @property
    def restorable_until(self) -> datetime:
        return self.closed_at + RESTORABLE_FOR


class RestoreGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore token says: good for this closure of the tenant and with this password only."""

    user_id: UUID
    tenant_id: UUID
    closed_at: datetime
    password_changed_at: datetime
    expires_at: datetime
