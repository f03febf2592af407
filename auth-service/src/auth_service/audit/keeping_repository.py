"""Every query about what ends in the audit log: months, checkpoints, personal fields of old. In system work."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from auth_service.audit.chain import Entry, Link
from auth_service.audit.repository import RECORD, entry_of
from shared.db.due_rows import COUNTED_ROWS, Backlog
from shared.db.unit_of_work import Work

SIGNED_AT_ONCE = 500
"""Entries in one transaction: a signature takes 50 us."""


class Month(NamedTuple):
    name: str
    starts: datetime
    ends: datetime


async def add_month(work: Work, day: date) -> None:
    """The month of that day, unless it is there."""
    await work.row("select audit_add_month($1)", day)


async def months_in_rest(work: Work, before: date) -> list[date]:
    """The first days of months whose records lie where no month was made for them."""
    rows = await work.rows(_MONTHS_IN_REST, before)
    return [row["day"] for row in rows]


async def measure_rest(work: Work, _now: datetime) -> Backlog:
    """How many records lie there. None is overdue by its age: the times of some are wrong."""
    [row] = await work.rows(_REST, COUNTED_ROWS)
    return Backlog(row["rows"], 0.0)


async def first_ended(work: Work, before: datetime) -> Month | None:
    """The oldest month, if it had ended by then."""
    row = await work.row("select name, starts, ends from audit_months where ends < $1 order by ends limit 1", before)
    return None if row is None else Month(**row)


async def ends_to_sign(work: Work, month: Month) -> dict[UUID, Link]:
    """A portion of the last entries of that month, each of another chain, that have no checkpoint yet."""
    rows = await work.rows(_ENDS, month.starts, month.ends, SIGNED_AT_ONCE)
    return {row["tenant_id"]: Link(row["seq"], row["hash"]) for row in rows}


async def put_checkpoints(work: Work, checkpoints: dict[UUID, tuple[Link, bytes]], now: datetime) -> None:
    links = [link for link, _ in checkpoints.values()]
    await work.execute(
        _PUT,
        list(checkpoints),
        [link.seq for link in links],
        [link.hash for link in links],
        [signature for _, signature in checkpoints.values()],
        now,
    )


async def drop_month(work: Work, month: Month) -> bool:
    """False where the database keeps it: it ended too short a time ago, whatever this process takes for the date."""
    row = await work.row("select audit_drop_month($1) as is_dropped", month.name)
    return row is not None and row["is_dropped"]


async def plain_entries(work: Work, subject_id: UUID) -> list[tuple[UUID, Entry]]:
    """A portion of what still has plain personal fields of a person, or of a tenant, each with its tenant."""
    return [(row["tenant_id"], entry_of(row)) for row in await work.rows(_PLAIN, subject_id, SIGNED_AT_ONCE)]


async def erase_entries(work: Work, attestations: Sequence[tuple[UUID, Entry, bytes]]) -> None:
    """Takes the personal fields away."""
    await work.execute(
        _ERASE,
        [entry.record.id for _, entry, _ in attestations],
        [entry.record.recorded_at for _, entry, _ in attestations],
        [tenant_id for tenant_id, _, _ in attestations],
        [attestation for _, _, attestation in attestations],
    )


_MONTHS_IN_REST = """
select distinct date_trunc('month', recorded_at at time zone 'UTC')::date as day from audit_logs_rest
where recorded_at < $1::date::timestamp at time zone 'UTC' order by day limit 100
"""

_REST = "select count(*)::int as rows from (select recorded_at from audit_logs_rest limit $1) rest"

_ENDS = """
select c.tenant_id, l.seq, l.hash from audit_chains c cross join lateral (
    select seq, hash from audit_logs
    where tenant_id = c.tenant_id and recorded_at >= $1 and recorded_at < $2 order by seq desc limit 1
) l where not exists (select from audit_checkpoints p where p.tenant_id = c.tenant_id and p.seq >= l.seq) limit $3
"""

_PUT = """
insert into audit_checkpoints (tenant_id, seq, hash, signature, signed_at)
select t.tenant_id, t.seq, t.hash, t.signature, $5
from unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::bytea[]) as t (tenant_id, seq, hash, signature)
on conflict (tenant_id) do update set seq = excluded.seq, hash = excluded.hash, signature = excluded.signature,
    signed_at = excluded.signed_at
"""

_ENTRY = f"tenant_id, seq, previous_hash, hash, {RECORD}"

_PLAIN = f"""
select * from (
    (select {_ENTRY} from audit_logs where tenant_id = $1 and form = 1 limit $2)
    union all
    (select {_ENTRY} from audit_logs where user_id = $1 and form = 1 limit $2)
) plain limit $2
"""  # noqa: S608 - made of constants
"""A person may have left records in tenants that they no longer belong to; the indexes hold nothing but plain ones."""

_ERASE = """
update audit_logs l set ip = null, user_agent = null, request_body = null, form = 0, attestation = t.attestation
from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::bytea[]) as t (id, recorded_at, tenant_id, attestation)
where l.id = t.id and l.recorded_at = t.recorded_at and l.tenant_id = t.tenant_id
"""
