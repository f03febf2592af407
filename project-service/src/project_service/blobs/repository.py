"""Every query on contents. A content belongs to one tenant: two tenants with the same bytes never learn of it."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from project_service.blobs.domain import Content
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.principal import Principal
from shared.quotas import Quota, require_room


class Idle(NamedTuple):
    """A content that nothing refers to."""

    id: UUID
    tenant_id: UUID
    sha256: str
    is_object: bool


class Place(NamedTuple):
    """Of a content in the order in which they are swept: that of when they were last announced."""

    touched_at: datetime
    id: UUID

    @classmethod
    def before(cls, time: datetime) -> "Place":
        """Behind all that were announced before `time`."""
        return cls(time, UUID(int=0))


FIRST = Place.before(datetime(1970, 1, 1, tzinfo=UTC))


class Staged(NamedTuple):
    missing: set[str]
    """Checksums of what the store still lacks."""
    uncounted: int
    """Bytes that were not yet the tenant's."""


async def stage(work: Work, tenant_id: UUID, contents: Collection[Content], now: datetime) -> Staged:
    """Stores the small ones and protects all from being swept, and from other requests that give up."""
    rows = await work.rows(
        _STAGE,
        tenant_id,
        [new_id() for _ in contents],
        [content.sha256 for content in contents],
        [len(content.data) for content in contents],
        [content.data if content.is_inline else None for content in contents],
        now,
    )
    missing = {row["sha256"] for row in rows if row["is_missing"]}
    return Staged(missing, sum(row["size"] for row in rows if row["is_uncounted"]))


async def keep(work: Work, tenant_id: UUID, checksums: Collection[str], kept_by: UUID) -> None:
    """Staged contents are about to be referred to: they stay when the other requests that staged them give up."""
    await work.execute(_KEEP, tenant_id, list(checksums), kept_by)


async def unstage(work: Work, tenant_id: UUID, checksums: Collection[str]) -> list[Idle]:
    """A request gives up what it staged. Of that, what no other request needs: it is not counted any more."""
    rows = await work.rows(_UNSTAGE, tenant_id, list(checksums))
    if freed := sum(row["size"] for row in rows):
        await change_use(work, tenant_id, -freed)
    return [Idle(row["id"], tenant_id, row["sha256"], row["is_object"]) for row in rows]


async def take_room(work: Work, principal: Principal, size: int) -> None:
    """Counts `size` bytes more as the tenant's. Other writers of new contents wait until this transaction ends.

    Raises TierLimitExceeded.
    """
    used = await change_use(work, principal.tenant_id, size)
    require_room(Quota.STORAGE, principal.tier, used - size, more=size)


async def change_use(work: Work, tenant_id: UUID, size: int) -> int:
    """What the tenant uses with `size` bytes more, or fewer."""
    [row] = await work.rows(_CHANGE_USE, tenant_id, size)
    used: int = row["used"]
    return used


async def find_allotment(work: Work, tenant_id: UUID, holder: str) -> int:
    """Bytes that another service may fill. They are part of what the tenant uses."""
    row = await work.row("select size from storage_allotments where tenant_id = $1 and holder = $2", tenant_id, holder)
    return 0 if row is None else int(row["size"])


async def put_allotment(work: Work, tenant_id: UUID, holder: str, size: int) -> None:
    await work.execute(_PUT_ALLOTMENT, tenant_id, holder, size)


async def find_inline(work: Work, tenant_id: UUID, checksums: Collection[str]) -> dict[str, bytes]:
    """Of those that are kept in the database."""
    rows = await work.rows(
        "select sha256, content from blobs where tenant_id = $1 and sha256 = any($2::text[]) and content is not null",
        tenant_id,
        list(checksums),
    )
    return {row["sha256"]: row["content"] for row in rows}


async def find_end(work: Work, start: Place, end: Place, most: int) -> Place:
    """In system work: the place of the content that is `most` behind `start`, or `end` where that comes first."""
    row = await work.row(_FIND_END, *start, *end, most - 1)
    return end if row is None else Place(**row)


async def release_idle(work: Work, start: Place, end: Place, limit: int) -> list[Idle]:
    """In system work: takes contents that nothing refers to off their tenant's use, from behind `start` to `end`.

    Looks at each content in between: their number is for the caller to bound.
    """
    return [Idle(**row) for row in await work.rows(_RELEASE_IDLE, *start, *end, limit)]


async def lock_idle(work: Work, idle: Collection[Idle]) -> list[Idle]:
    """Those that are idle still. Who stages one meanwhile waits until this transaction ends."""
    rows = await work.rows(_LOCK_IDLE, [each.id for each in idle])
    locked = {row["id"] for row in rows}
    return [each for each in idle if each.id in locked]


async def remove(work: Work, idle: Collection[Idle]) -> None:
    """Those of one tenant, or in system work any."""
    await work.execute("delete from blobs where id = any($1::uuid[])", [each.id for each in idle])


# In the order of checksums, so that two writers of the same contents never wait for each other.
_STAGE = """
insert into blobs as b (tenant_id, id, sha256, size, content, touched_at, stagings)
select $1, new.id, new.sha256, new.size, new.content, $6, 1
from unnest($2::uuid[], $3::text[], $4::int[], $5::bytea[]) as new (id, sha256, size, content) order by new.sha256
on conflict (tenant_id, sha256) do update
set touched_at = excluded.touched_at, stagings = case when b.kept_by is null then b.stagings + 1 else 0 end
returning b.sha256, b.size, b.kept_by is null and b.content is null as is_missing,
          b.kept_by is null and b.stagings = 1 as is_uncounted
"""
_KEEP = """
with fresh as (
    select id from blobs where tenant_id = $1 and sha256 = any($2::text[]) and kept_by is null
    order by sha256 for update
)
update blobs b set kept_by = $3, stagings = 0 from fresh where b.id = fresh.id
"""
_UNSTAGE = """
with given_up as (
    select id from blobs where tenant_id = $1 and sha256 = any($2::text[]) and kept_by is null and stagings > 0
    order by sha256 for update
), left_over as (
    update blobs b set stagings = b.stagings - 1 from given_up where b.id = given_up.id
    returning b.id, b.sha256, b.size, b.content is null as is_object, b.stagings
)
select id, sha256, size, is_object from left_over where stagings = 0
"""
_LOCK_IDLE = """
select id from blobs
where id = any($1::uuid[]) and kept_by is null and stagings = 0
order by tenant_id, sha256 for update
"""
_CHANGE_USE = """
insert into storage_use as u (tenant_id, used) values ($1, $2)
on conflict (tenant_id) do update set used = u.used + excluded.used returning used
"""
_PUT_ALLOTMENT = """
insert into storage_allotments (tenant_id, holder, size) values ($1, $2, $3)
on conflict (tenant_id, holder) do update set size = excluded.size
"""
_BETWEEN = "(touched_at, id) > ($1::timestamptz, $2::uuid) and (touched_at, id) <= ($3::timestamptz, $4::uuid)"
_FIND_END = f"select touched_at, id from blobs where {_BETWEEN} order by touched_at, id offset $5 limit 1"
# `offset 0` keeps the look for a reference one probe of an index for each content: other plans read all references.
_RELEASE_IDLE = f"""
with idle as (
    select id, tenant_id, sha256, size, content is null as is_object,
           kept_by is not null or stagings > 0 as is_counted
    from blobs b
    where {_BETWEEN} and not exists (
        select from file_changes c where c.tenant_id = b.tenant_id and c.sha256 = b.sha256 offset 0
    )
    order by touched_at, id limit $5 for update skip locked
), released as (
    update blobs b set kept_by = null, stagings = 0 from idle where b.id = idle.id
), returned as (
    update storage_use u set used = u.used - freed.size
    from (select tenant_id, sum(size) as size from idle where is_counted group by tenant_id) freed
    where u.tenant_id = freed.tenant_id
)
select id, tenant_id, sha256, is_object from idle
"""
