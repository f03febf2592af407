"""A tenant's members as a list and as seats; every other query about them is one about users or about tenants."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from auth_service.accounts.repository import MEMBERS
from auth_service.accounts.schemas import UserView
from auth_service.members.schemas import UserQuery
from auth_service.pages import last_id, page_by_id
from shared.db.unit_of_work import Work
from shared.events.auth import UserState
from shared.events.questions import MemberDirectory
from shared.pagination import PageOf
from shared.principal import Tier


class Seats(NamedTuple):
    """How many are taken, and the tier of the tenant that they belong to."""

    tier: Tier
    used: int


async def find_page(work: Work, tenant_id: UUID, viewer_id: UUID, query: UserQuery) -> PageOf[UserView]:
    """Who has had an account for longest comes first."""
    wanted = (tenant_id, _pattern(query.q), query.role, query.is_active)
    rows = await work.rows(_PAGE, *wanted, last_id(query), query.size + 1, query.offset)
    total = (await work.rows(_COUNT, *wanted))[0]["number"] if query.include_total else None
    return page_by_id(query, [_view(row, viewer_id) for row in rows], total)


async def read_directory(work: Work, question: MemberDirectory) -> list[UserState]:
    """Of all tenants that are not deleted: who copies it would fill them again. Who has closed their account has left.

    For system work.
    """
    rows = await work.rows(_DIRECTORY, question.after_tenant, question.after_user, question.limit)
    return msgspec.convert(rows, list[UserState])


async def lock_seats(work: Work, tenant_id: UUID) -> None:
    """Until the end of the transaction nobody else takes one: whoever comes next counts what was taken here.

    Before memberships and invitations, after users: see "Members" in the README.
    """
    await work.execute(_LOCK_SEATS, f"seats:{tenant_id}")


async def count_seats(work: Work, tenant_id: UUID, now: datetime) -> Seats:
    """Members, and distinct addresses with an invitation that is open and not a member's."""
    [row] = await work.rows(_COUNT_SEATS, tenant_id, now)
    return Seats(Tier(row["tier"]), row["used"])


async def holds_seat(work: Work, tenant_id: UUID, email_identity: str, now: datetime) -> bool:
    [row] = await work.rows(_HOLDS_SEAT, tenant_id, email_identity, now)
    held: bool = row["is_held"]
    return held


def _view(row: dict[str, Any], viewer_id: UUID) -> UserView:
    return seen_by(viewer_id, msgspec.convert(row, UserView))


def seen_by(viewer_id: UUID, user: UserView) -> UserView:
    """Preferences are nobody else's business."""
    return user if user.id == viewer_id else msgspec.structs.replace(user, preferences={})


def _pattern(text: str | None) -> str | None:
    return None if text is None else "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


_WHERE = """
where m.tenant_id = $1
  and ($2::text is null or u.email ilike $2 or u.first_name || ' ' || u.last_name ilike $2 or u.display_name ilike $2)
  and ($3::text is null or m.role = $3)
  and ($4::boolean is null or (u.is_active and m.is_active) = $4)
"""

_PAGE = f"""
{MEMBERS} {_WHERE} and ($5::uuid is null or u.id > $5) order by u.id limit $6 offset $7
"""

_DIRECTORY = f"""
{MEMBERS} where (m.tenant_id, m.user_id) > ($1, $2) and u.closed_at is null and not exists (
    select from tenant_closures c where c.tenant_id = m.tenant_id and c.state in ('deleted', 'erased')
) order by m.tenant_id, m.user_id limit $3
"""

_COUNT = f"""
select count(*) as number from users u join memberships m on m.user_id = u.id {_WHERE}
"""  # noqa: S608 - made of constants

# A statement of its own: one that has begun to wait would count what it saw before.
_LOCK_SEATS = "select pg_advisory_xact_lock(hashtextextended($1, 0))"

_COUNT_SEATS = """
select t.tier,
       (select count(*) from memberships m where m.tenant_id = t.id)
       + (select count(distinct i.email_identity) from invitations i
          where i.tenant_id = t.id and i.accepted_at is null and i.expires_at > $2
            and not exists (
                select from memberships m join users u on u.id = m.user_id
                where m.tenant_id = i.tenant_id and u.email_identity = i.email_identity
            )) as used
from tenants t where t.id = $1
"""

_HOLDS_SEAT = """
select exists (
    select from memberships m join users u on u.id = m.user_id where m.tenant_id = $1 and u.email_identity = $2
) or exists (
    select from invitations
    where tenant_id = $1 and email_identity = $2 and accepted_at is null and expires_at > $3
) as is_held
"""
