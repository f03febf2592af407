"""By which names members are known: the address, what stands before its @, and the displayed name without spaces."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.email_address import email_identity
from shared.events.auth import UserState
from shared.principal import Role


class Member(NamedTuple):
    """Somebody of a tenant as they were at `as_of`. The keys are folded, so that case does not matter."""

    tenant_id: UUID
    user_id: UUID
    is_active: bool
    role: Role
    email: str
    display_name: str
    email_key: str
    mail_handle: str
    name_handle: str
    as_of: datetime


def member_of(user: UserState, as_of: datetime) -> Member:
    name = user.display_name or user.full_name
    return Member(
        tenant_id=user.tenant_id,
        user_id=user.id,
        is_active=user.is_active,
        role=user.role,
        email=user.email,
        display_name=name,
        email_key=email_identity(user.email),
        mail_handle=folded(user.email.rpartition("@")[0]),
        name_handle=folded(name),
        as_of=as_of,
    )


def folded(name: str) -> str:
    return "".join(name.split()).casefold()
