"""Every query on contents. A content belongs to one tenant: two tenants with the same bytes never learn of it."""

from collections.abc import Collection
from datetime import datetime
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


async def announce(work: Work, tenant_id: UUID, contents: Collection[Content], now: datetime) -> set[str]:
    """Stores the small ones and protects all from being swept; the checksums of those that the store still lacks."""
    rows = await work.rows(
        _ANNOUNCE,
        tenant_id,
        [new_id() for _ in contents],
        [content.sha256 for content in contents],
        [len(content.data) for content in contents],
        [content.data if content.is_inline else None for content in contents],
        now,
    )
    return {row["sha256"] for row in rows if row["is_missing"]}


async def keep(work: Work, tenant_id: UUID, checksums: Collection[str], kept_by: UUID) -> int:
    """Counts announced contents as the tenant's; how many bytes were not counted before."""
    rows = await work.rows(_KEEP, tenant_id, list(checksums), kept_by)
    return sum(row["size"] for row in rows)


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


async def release_idle(work: Work, before: datetime, limit: int) -> list[Idle]:
    """In system work: takes contents that nothing refers to, and nobody announced since, off their tenant's use."""
    return [Idle(**row) for row in await work.rows(_RELEASE_IDLE, before, limit)]


async def lock_idle(work: Work, idle: Idle, before: datetime) -> bool:
    """In system work: whether it is idle still. Who announces it meanwhile waits until this transaction ends."""
    select = "select id from blobs where id = $1 and kept_by is null and touched_at < $2 for update"
    return await work.row(select, idle.id, before) is not None


async def remove(work: Work, idle: Idle) -> None:
    await work.execute("delete from blobs where tenant_id = $1 and id = $2", idle.tenant_id, idle.id)


# In the order of checksums, so that two writers of the same contents never wait for each other.
_ANNOUNCE = """
insert into blobs as b (tenant_id, id, sha256, size, content, touched_at)
select $1, new.id, new.sha256, new.size, new.content, $6
from unnest($2::uuid[], $3::text[], $4::int[], $5::bytea[]) as new (id, sha256, size, content) order by new.sha256
on conflict (tenant_id, sha256) do update set touched_at = excluded.touched_at
returning b.sha256, b.kept_by is null and b.content is null as is_missing
"""
_KEEP = """
with fresh as (
    select id from blobs where tenant_id = $1 and sha256 = any($2::text[]) and kept_by is null
    order by sha256 for update
)
update blobs b set kept_by = $3 from fresh where b.id = fresh.id returning b.size
"""
_CHANGE_USE = """
insert into storage_use as u (tenant_id, used) values ($1, $2)
on conflict (tenant_id) do update set used = u.used + excluded.used returning used
"""
_PUT_ALLOTMENT = """
insert into storage_allotments (tenant_id, holder, size) values ($1, $2, $3)
on conflict (tenant_id, holder) do update set size = excluded.size
"""
_RELEASE_IDLE = """
with idle as (
    select id, tenant_id, sha256, size, content is null as is_object, kept_by is not null as is_counted
    from blobs b
    where touched_at < $1 and not exists (
        select from file_changes c where c.tenant_id = b.tenant_id and c.sha256 = b.sha256
    )
    order by touched_at limit $2 for update skip locked
), released as (
    update blobs b set kept_by = null from idle where b.id = idle.id
), returned as (
    update storage_use u set used = u.used - freed.size
    from (select tenant_id, sum(size) as size from idle where is_counted group by tenant_id) freed
    where u.tenant_id = freed.tenant_id
)
select id, tenant_id, sha256, is_object from idle
"""
