"""Every query about the keys of the audit log and about who was erased. In system work."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db.portions import PORTION_ROWS
from shared.db.unit_of_work import Work

Owner = tuple[UUID, UUID]
"""Tenant and person."""


class KeyState(NamedTuple):
    sealed_key: bytes | None
    is_erased: bool
    """The person, or the tenant."""


async def find_keys(work: Work, owners: Collection[Owner]) -> dict[Owner, KeyState]:
    """Of all of them, also of those who have none."""
    rows = await work.rows(_FIND, *_columns(owners))
    return {(row["tenant_id"], row["person_id"]): KeyState(row["sealed_key"], row["is_erased"]) for row in rows}


async def add_keys(work: Work, sealed_keys: dict[Owner, bytes], now: datetime) -> None:
    await work.execute(_ADD, *_columns(sealed_keys), list(sealed_keys.values()), now)


async def erase_person(work: Work, user_id: UUID, now: datetime) -> None:
    await work.execute("delete from audit_keys where person_id = $1", user_id)
    await work.execute(_ERASE, user_id, now)


async def erase_tenant(work: Work, tenant_id: UUID, now: datetime) -> None:
    await work.execute("delete from audit_keys where tenant_id = $1", tenant_id)
    await work.execute(_ERASE, tenant_id, now)


async def next_erasure(work: Work, but: Collection[UUID] = ()) -> UUID | None:
    """Of whom older entries may still have personal fields; nobody else takes it until the end of the transaction."""
    row = await work.row(_NEXT_ERASURE, list(but))
    return None if row is None else row["subject_id"]


async def finish_erasure(work: Work, subject_id: UUID, now: datetime) -> None:
    """Keys again: a record that was on its way while the subject was erased may have made one."""
    await work.execute("delete from audit_keys where person_id = $1 or tenant_id = $1", subject_id)
    await work.execute("update audit_erasures set finished_at = $2 where subject_id = $1", subject_id, now)


async def delete_strangers_keys(work: Work, made_before: datetime) -> int:
    """A portion."""
    return await work.execute(_DELETE_STRANGERS, UUID(int=_LAST_MONTH), made_before, PORTION_ROWS)


async def delete_old_erasures(work: Work, finished_before: datetime) -> int:
    """A portion."""
    return await work.execute(_DELETE_ERASURES, finished_before, PORTION_ROWS)


def _columns(owners: Iterable[Owner]) -> tuple[Sequence[UUID], Sequence[UUID]]:
    ordered = list(owners)
    return [tenant for tenant, _ in ordered], [person for _, person in ordered]


_LAST_MONTH = 999_999
"""Of all years that have four digits, see `personal.person_of`."""

_FIND = """
select t.tenant_id, t.person_id, k.sealed_key,
       exists (select from audit_erasures e where e.subject_id in (t.tenant_id, t.person_id)) as is_erased
from unnest($1::uuid[], $2::uuid[]) as t (tenant_id, person_id) left join audit_keys k using (tenant_id, person_id)
"""

_ADD = """
insert into audit_keys (tenant_id, person_id, sealed_key, created_at)
select t.tenant_id, t.person_id, t.sealed_key, $4
from unnest($1::uuid[], $2::uuid[], $3::bytea[]) as t (tenant_id, person_id, sealed_key)
"""

_ERASE = """
insert into audit_erasures (subject_id, erased_at) values ($1, $2)
on conflict (subject_id) do update set finished_at = null
"""

_NEXT_ERASURE = """
select subject_id from audit_erasures where finished_at is null and subject_id <> all($1::uuid[])
order by erased_at limit 1 for update skip locked
"""

_DELETE_STRANGERS = """
delete from audit_keys where ctid = any(array(
    select ctid from audit_keys where person_id <= $1 and created_at < $2 limit $3
))
"""

_DELETE_ERASURES = """
delete from audit_erasures where ctid = any(array(
    select ctid from audit_erasures where finished_at < $1 limit $2
))
"""
