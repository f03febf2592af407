"""Every query about invitations. A tenant's own work makes and withdraws them; tokens are for system work."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from auth_service import limits
from auth_service.invitations.domain import roles_beyond
from auth_service.invitations.errors import InvitationNotFound
from auth_service.invitations.schemas import CreateInvitation, InvitationQuery, InvitationView
from auth_service.mail_tokens.domain import NewToken, digest_of
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.pages import last_id, page_by_id
from shared.db.row_limits import require_within
from shared.db.unit_of_work import Work
from shared.email_address import email_identity
from shared.events.projects import ProjectRole
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Role

EXPIRED_KEPT_FOR = timedelta(days=30)


class Name(NamedTuple):
    """Of somebody who is added as a member, as whoever adds them knows it."""

    first: str
    last: str


class OpenInvitation(msgspec.Struct, frozen=True):
    tenant_id: UUID
    email: str
    email_identity: str
    first_name: str | None
    last_name: str | None
    role: Role
    invited_by: UUID
    project_id: UUID | None
    project_role: ProjectRole | None


async def find_page(work: Work, tenant_id: UUID, query: InvitationQuery, now: datetime) -> PageOf[InvitationView]:
    """In the order of their making."""
    wanted = (tenant_id, now, query.status)
    rows = await work.rows(_PAGE, *wanted, last_id(query), query.size + 1, query.offset)
    total = (await work.rows(_COUNT, *wanted))[0]["number"] if query.include_total else None
    return page_by_id(query, msgspec.convert(rows, list[InvitationView]), total)


async def require_room(work: Work, tenant_id: UUID) -> None:
    """For one more, before it is written. Raises LimitReached."""
    await require_within(work, limits.INVITATIONS_OF_TENANT, _COUNT_WITH_ONE_MORE, tenant_id)


async def put_invitation(
    work: Work,
    tenant_id: UUID,
    invited_by: UUID,
    new: CreateInvitation,
    token: NewToken,
    now: datetime,
    expires_at: datetime,
    name: Name | None = None,
) -> InvitationView:
    """Renews one that waits for the same person and project: it keeps its id, and its former link is good no more."""
    [put] = await work.rows(
        _PUT, new_id(), tenant_id, new.email, email_identity(new.email), new.role, new.project_id, new.project_role,
        invited_by, token.digest, expires_at, now, name.first if name else None, name.last if name else None,
    )  # fmt: skip
    await work.execute(_FORGET_OLDEST, tenant_id, limits.ACCEPTED_KEPT)
    [row] = await work.rows(f"{_INVITATIONS} and id = $3", tenant_id, now, put["id"])
    return msgspec.convert(row, InvitationView)


async def withdraw_beyond(work: Work, tenant_id: UUID, invited_by: UUID, right: Role | None) -> None:
    """Those that the inviter has sent and could not send any more, with `right` as the role that is left to them."""
    beyond = [role.value for role in roles_beyond(right)]
    await work.execute(_WITHDRAW_BEYOND, tenant_id, invited_by, beyond)


async def withdraw_all(work: Work, invited_by: UUID) -> None:
    """In all tenants: for system work."""
    await work.execute(_WITHDRAW_ALL, invited_by)


async def remove_invitation(work: Work, tenant_id: UUID, invitation_id: UUID) -> None:
    """One that was accepted is history, and stays. Raises InvitationNotFound."""
    sql = "delete from invitations where tenant_id = $1 and id = $2 and accepted_at is null"
    if not await work.execute(sql, tenant_id, invitation_id):
        raise InvitationNotFound


async def find_tenant(work: Work, token: str) -> UUID:
    """Where the token leads, used or not: what is to be locked before it is taken. Raises TokenUsedOrExpired."""
    row = await work.row("select tenant_id from invitations where token_digest = $1", digest_of(token))
    if row is None:
        raise TokenUsedOrExpired
    tenant_id: UUID = row["tenant_id"]
    return tenant_id


async def find_open(work: Work, token: str, now: datetime) -> OpenInvitation:
    """Raises TokenUsedOrExpired."""
    row = await work.row(_FIND_OPEN, digest_of(token), now)
    if row is None:
        raise TokenUsedOrExpired
    return msgspec.convert(row, OpenInvitation)


async def lock_right_of(work: Work, tenant_id: UUID, inviter_id: UUID) -> Role | None:
    """The role of an active member with a proven address, which stays so until the end of the transaction."""
    row = await work.row(_LOCK_RIGHT, tenant_id, inviter_id)
    return None if row is None else Role(row["role"])


async def take_invitation(work: Work, token: str, user_id: UUID, now: datetime) -> None:
    """Of any number of parallel uses of a token one gets it. Raises TokenUsedOrExpired."""
    if not await work.execute(_TAKE, digest_of(token), user_id, now):
        raise TokenUsedOrExpired


_STATUS = "case when accepted_at is not null then 'accepted' when expires_at <= $2 then 'expired' else 'pending' end"

_INVITATIONS = f"""
select id, tenant_id, email, first_name, last_name, role, project_id, project_role, invited_by, {_STATUS} as status,
       expires_at, accepted_at,
       version, created_at, updated_at
from invitations where tenant_id = $1
"""  # noqa: S608 - made of constants

_PAGE = f"""
{_INVITATIONS} and ($3::text is null or {_STATUS} = $3) and ($4::uuid is null or id > $4)
order by id limit $5 offset $6
"""

_COUNT = f"""
select count(*) as number from invitations where tenant_id = $1 and ($3::text is null or {_STATUS} = $3)
"""  # noqa: S608 - made of constants

_COUNT_WITH_ONE_MORE = """
select count(*) + 1 as number from invitations where tenant_id = $1 and accepted_at is null and expires_at > now()
"""

_FORGET_OLDEST = """
delete from invitations where tenant_id = $1 and id = any(array(
    select id from invitations where tenant_id = $1 and accepted_at is not null order by id desc offset $2
))
"""

# The new values are named again instead of read from `excluded`: a tenant's own work may not read a digest.
_PUT = """
insert into invitations (id, tenant_id, email, email_identity, role, project_id, project_role, invited_by, token_digest,
                         expires_at, created_at, updated_at, first_name, last_name)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13)
on conflict (tenant_id, email_identity, coalesce(project_id, '00000000-0000-0000-0000-000000000000'))
    where accepted_at is null
do update set email = $3, role = $5, project_role = $7, invited_by = $8, token_digest = $9, expires_at = $10,
              updated_at = $11, first_name = $12, last_name = $13, version = invitations.version + 1
returning id
"""

# In one order: two that lock many of them wait for each other, and neither for ever.
_WITHDRAW_BEYOND = """
delete from invitations where id in (
    select id from invitations
    where tenant_id = $1 and invited_by = $2 and accepted_at is null and role = any($3::text[]) order by id for update
)
"""

_WITHDRAW_ALL = """
delete from invitations where id in (
    select id from invitations where invited_by = $1 and accepted_at is null order by id for update
)
"""

_FIND_OPEN = """
select tenant_id, email, email_identity, first_name, last_name, role, invited_by, project_id, project_role
from invitations where token_digest = $1 and accepted_at is null and expires_at > $2
"""

_LOCK_RIGHT = """
select m.role from memberships m join users u on u.id = m.user_id
where m.tenant_id = $1 and m.user_id = $2 and m.is_active and u.is_active and u.email_verified for share of m
"""

_TAKE = """
update invitations set accepted_at = $3, accepted_by = $2, version = version + 1, updated_at = $3
where token_digest = $1 and accepted_at is null and expires_at > $3
"""
