"""Every query about API keys. A key belongs to one user in one tenant; its digest is read by system work alone."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from auth_service import limits
from auth_service.api_keys.errors import ApiKeyNotFound
from auth_service.api_keys.schemas import ApiKeyQuery, ApiKeyView
from auth_service.opaque_tokens import OpaqueToken
from shared.db.row_limits import require_within
from shared.db.unit_of_work import Work
from shared.pagination import PageOf, decode_cursor, encode_cursor

REMEMBERED_FOR = timedelta(days=1)  # longer than any gateway takes a revoked key for a good one
_VIEW = """
id, tenant_id, user_id, name, prefix, scopes, expires_at, last_used_at,
1 as version, created_at, created_at as updated_at
"""  # nothing about a key can be changed
_MINE = "tenant_id = $1 and user_id = $2 and revoked_at is null"


class KeyTerms(NamedTuple):
    """What its owner decides about a key."""

    name: str
    scopes: list[str]
    expires_at: datetime | None


async def add_key(
    work: Work, tenant_id: UUID, user_id: UUID, key: OpaqueToken, prefix: str, terms: KeyTerms, now: datetime
) -> dict[str, Any]:
    """The columns of its view. Raises LimitReached."""
    row = await work.row(f"{_ADD} returning {_VIEW}", tenant_id, user_id, key.id, prefix, key.digest, *terms, now)
    assert row is not None
    await require_within(work, limits.KEYS_OF_USER, _COUNT, tenant_id, user_id)
    return row


async def list_keys(work: Work, tenant_id: UUID, user_id: UUID, query: ApiKeyQuery) -> PageOf[ApiKeyView]:
    """Those of this user that were not revoked, newest first."""
    before = decode_cursor(query.cursor, tuple[UUID])[0] if query.cursor else None
    rows = await work.rows(_LIST, tenant_id, user_id, before, query.size + 1, query.offset)
    keys = msgspec.convert(rows, list[ApiKeyView])
    counted = await work.row(_COUNT, tenant_id, user_id) if query.include_total else None
    page = keys[: query.size]
    return PageOf(
        items=page,
        total=None if counted is None else counted["count"],
        page=query.page,
        page_size=query.size,
        next_cursor=encode_cursor(page[-1].id) if len(keys) > query.size else None,
    )


async def revoke_key(work: Work, tenant_id: UUID, user_id: UUID, key_id: UUID, now: datetime) -> None:
    """Raises ApiKeyNotFound."""
    sql = f"update api_keys set revoked_at = $4 where {_MINE} and id = $3"  # noqa: S608 - made of constants
    if not await work.execute(sql, tenant_id, user_id, key_id, now):
        raise ApiKeyNotFound


async def revoke_keys(work: Work, user_id: UUID, now: datetime, *, tenant_id: UUID | None) -> list[tuple[UUID, UUID]]:
    """Ids of the keys that were good until now, each with its tenant."""
    rows = await work.rows(_REVOKE_ALL, user_id, now, tenant_id)
    return [(row["id"], row["tenant_id"]) for row in rows]


async def lock_live(work: Work, key_id: UUID) -> bool:
    """Whether it was not revoked; until the end of the transaction it is not."""
    return await work.row("select from api_keys where id = $1 and revoked_at is null for share", key_id) is not None


# In one order: two that lock many of them wait for each other, and neither for ever.
_REVOKE_ALL = """
update api_keys set revoked_at = $2
where id in (
    select id from api_keys
    where user_id = $1 and ($3::uuid is null or tenant_id = $3) and revoked_at is null order by id for update
)
returning id, tenant_id
"""

_ADD = """
insert into api_keys (tenant_id, user_id, id, prefix, digest, name, scopes, expires_at, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_LIST = f"""
select {_VIEW} from api_keys where {_MINE} and ($3::uuid is null or id < $3) order by id desc limit $4 offset $5
"""  # noqa: S608 - made of constants

_COUNT = f"select count(*) from api_keys where {_MINE}"  # noqa: S608 - made of constants
