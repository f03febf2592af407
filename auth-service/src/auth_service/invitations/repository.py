"""Every query about invitations. A tenant's own work makes and withdraws them; tokens are for system work."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from auth_service import limits
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


class TakenInvitation(msgspec.Struct, frozen=True):
    tenant_id: UUID
    email_identity: str
    role: Role
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
) -> InvitationView:
    """Takes the place of one that waits for the same person and project: its link is not good any more.

    With the tenant's seats locked, so that of two who invite the same person at once the second sees what it replaces.
    """
    identity, invitation_id = email_identity(new.email), new_id()
    await work.execute(_WITHDRAW_FORMER, tenant_id, identity, new.project_id)
    await work.execute(
        _ADD, invitation_id, tenant_id, new.email, identity, new.role, new.project_id, new.project_role,
        invited_by, token.digest, expires_at, now,
    )  # fmt: skip
    await work.execute(_FORGET_OLDEST, tenant_id, limits.ACCEPTED_KEPT)
    [row] = await work.rows(f"{_INVITATIONS} and id = $3", tenant_id, now, invitation_id)
    return msgspec.convert(row, InvitationView)


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


async def take_invitation(work: Work, token: str, user_id: UUID, now: datetime) -> TakenInvitation:
    """Of any number of parallel uses of a token one gets it. Raises TokenUsedOrExpired."""
    row = await work.row(_TAKE, digest_of(token), user_id, now)
    if row is None:
        raise TokenUsedOrExpired
    return msgspec.convert(row, TakenInvitation)


_STATUS = "case when accepted_at is not null then 'accepted' when expires_at <= $2 then 'expired' else 'pending' end"

_INVITATIONS = f"""
select id, tenant_id, email, role, project_id, project_role, invited_by, {_STATUS} as status, expires_at, accepted_at,
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

_WITHDRAW_FORMER = """
delete from invitations
where tenant_id = $1 and email_identity = $2 and project_id is not distinct from $3 and accepted_at is null
"""

_ADD = """
insert into invitations (id, tenant_id, email, email_identity, role, project_id, project_role, invited_by, token_digest,
                         expires_at, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
"""

_TAKE = """
update invitations set accepted_at = $3, accepted_by = $2, version = version + 1, updated_at = $3
where token_digest = $1 and accepted_at is null and expires_at > $3
returning tenant_id, email_identity, role, project_id, project_role
"""
