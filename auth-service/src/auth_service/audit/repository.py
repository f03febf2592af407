"""Every query about the audit log: adding to the chains, reading a tenant's records, walking a chain."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from auth_service.audit.chain import EMPTY, Entry, Link, Stored
from auth_service.audit.schemas import AuditQuery, Moment
from shared.audit import PLANNING
from shared.db.schema import NO_TENANT
from shared.db.unit_of_work import Work
from shared.pagination import PageOf, decode_cursor, encode_cursor

NOBODYS_CHAIN = UUID(NO_TENANT)
"""Holds what could not be laid to any tenant."""

RECORD = """
id, user_id, session_id, api_key_id, action, endpoint, method, status_code, outcome, ip, user_agent, request_body,
request_bytes, response_ms, trace_id, created_at, recorded_at, form, personal, aggregate, attestation
"""


class Chain(NamedTuple):
    """`last_seq` is of the entry that is there, `end` says which one should be."""

    end: Link
    last_seq: int
    checkpoint: Link | None = None
    """The last entry that retention has deleted."""
    signature: bytes = b""
    """Of the checkpoint."""


class LockedChain(NamedTuple):
    end: Link
    recorded_at: datetime
    """When its last entry was recorded: a later entry is not recorded earlier, so months are deleted from the front."""


async def database_time(work: Work) -> datetime:
    """The one clock that all processes share: a chain cannot go back from a time that one of them got wrong."""
    [row] = await work.rows("select clock_timestamp() as now")
    now: datetime = row["now"]
    return now


async def lock_chains(work: Work, tenant_ids: Collection[UUID]) -> dict[UUID, LockedChain]:
    """Where they end; nobody else adds to them until the end of the transaction. In one order, so that nobody waits
    for somebody who waits for them.
    """
    wanted = sorted(tenant_ids)
    await work.execute(_BEGIN_CHAINS, wanted, EMPTY.hash)
    rows = await work.rows(_LOCK_CHAINS, wanted)
    return {row["tenant_id"]: LockedChain(Link(row["seq"], row["hash"]), row["recorded_at"]) for row in rows}


async def add_entries(work: Work, entries: Sequence[tuple[UUID, Entry]]) -> None:
    """Of locked chains, each with its tenant, in the order of the chain."""
    ends = dict(entries)
    await work.execute(
        _ADD, *map(list, zip(*(_columns(tenant_id, entry) for tenant_id, entry in entries), strict=True))
    )
    last = ends.values()
    columns = [each.seq for each in last], [each.hash for each in last], [each.record.recorded_at for each in last]
    await work.execute(_MOVE_ENDS, list(ends), *columns)


def place_of(cursor: str) -> tuple[datetime, UUID]:
    """The last record before the page. Raises ValidationFailed when the cursor is not one of this list."""
    return decode_cursor(cursor, tuple[Moment, UUID])


async def list_records(
    work: Work, tenant_id: UUID, query: AuditQuery, *, planning_kept_from: UUID | None = None
) -> PageOf[Stored]:
    """`planning_kept_from` is shown, of the planning of gifts, only what they did themselves."""
    conditions, values = _conditions(tenant_id, query, planning_kept_from)
    total = None
    if query.include_total:
        count = f"select count(*) as number from audit_logs where {conditions}"  # noqa: S608 - values go apart
        counted = await work.row(count, *values)
        total = None if counted is None else counted["number"]
    if query.cursor:
        values += place_of(query.cursor)
        conditions += f" and (created_at, id) < (${len(values) - 1}, ${len(values)})"
    sql = f"""
        select {RECORD} from audit_logs where {conditions}
        order by created_at desc, id desc limit {query.size + 1} offset {query.offset}
    """  # noqa: S608 - the same
    records = [_stored(row) for row in await work.rows(sql, *values)]
    page = records[: query.size]
    return PageOf(
        items=page,
        total=total,
        page=query.page,
        page_size=query.size,
        next_cursor=encode_cursor(page[-1].created_at, page[-1].id) if len(records) > query.size else None,
    )


async def count_records(
    work: Work, tenant_id: UUID, query: AuditQuery, upto: int, *, planning_kept_from: UUID | None = None
) -> int:
    """How many there are, counted no further than `upto`."""
    conditions, values = _conditions(tenant_id, query, planning_kept_from)
    sql = f"select count(*) as number from (select from audit_logs where {conditions} limit {upto}) found"  # noqa: S608
    row = await work.row(sql, *values)
    return 0 if row is None else row["number"]


async def list_chains(work: Work) -> dict[UUID, Chain]:
    """All of them, also one whose end was taken away."""
    return {row["tenant_id"]: _chain(row) for row in await work.rows(_CHAINS, EMPTY.hash)}


async def list_entries(work: Work, tenant_id: UUID, after: int, upto: int, limit: int) -> list[Entry]:
    return [entry_of(row) for row in await work.rows(_ENTRIES, tenant_id, after, upto, limit)]


def _conditions(tenant_id: UUID, query: AuditQuery, planning_kept_from: UUID | None) -> tuple[str, list[Any]]:
    """Only those that are asked for, so that each index can be used."""
    is_exact = query.action is not None and not query.action.endswith(".")
    wanted: Iterable[tuple[str, Any]] = (
        ("tenant_id =", tenant_id),
        ("user_id =", query.actor_id),
        ("thing =", None if query.action is None else query.action.partition(".")[0]),
        ("action =", query.action if is_exact else None),
        ("created_at >=", query.from_),
        ("created_at <", query.to),
        ("outcome =", query.outcome),
        ("trace_id =", query.trace_id),
    )
    given = [(comparison, value) for comparison, value in wanted if value is not None]
    sql = " and ".join(f"{comparison} ${number}" for number, (comparison, _) in enumerate(given, start=1))
    values = [value for _, value in given]
    if planning_kept_from is not None:
        values += (planning_kept_from, list(PLANNING))
        own = f"user_id = ${len(values) - 1}"
        sql += f" and (coalesce({own}, false) or split_part(endpoint, '/', 4) <> all(${len(values)}::text[]))"
    return sql, values


def _columns(tenant_id: UUID, entry: Entry) -> tuple[object, ...]:
    record = entry.record
    return (
        tenant_id,
        entry.seq,
        entry.previous_hash,
        entry.hash,
        record.id,
        record.user_id,
        record.session_id,
        record.api_key_id,
        record.action,
        record.endpoint,
        record.method,
        record.status_code,
        record.outcome,
        record.ip,
        record.user_agent,
        record.request_body,
        record.request_bytes,
        record.response_ms,
        record.trace_id,
        record.created_at,
        record.recorded_at,
        record.form.value,
        record.personal,
        record.aggregate,
        record.attestation,
    )


def _chain(row: dict[str, Any]) -> Chain:
    checkpoint = None if row["cut_seq"] is None else Link(row["cut_seq"], row["cut_hash"])
    return Chain(Link(row["seq"], row["hash"]), row["last_seq"], checkpoint, row["signature"] or b"")


def _stored(row: dict[str, Any]) -> Stored:
    return msgspec.convert(row, Stored)


def entry_of(row: dict[str, Any]) -> Entry:
    return Entry(_stored(row), row["seq"], row["previous_hash"], row["hash"])


_BEGIN_CHAINS = """
insert into audit_chains (tenant_id, seq, hash)
select tenant_id, 0, $2 from unnest($1::uuid[]) as t (tenant_id) order by tenant_id on conflict do nothing
"""

_LOCK_CHAINS = """
select tenant_id, seq, hash, recorded_at from audit_chains where tenant_id = any($1::uuid[])
order by tenant_id for update
"""

_ADD = f"""
insert into audit_logs (tenant_id, seq, previous_hash, hash, {RECORD})
select * from unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::bytea[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[],
                     $9::text[], $10::text[], $11::text[], $12::smallint[], $13::text[], $14::text[], $15::text[],
                     $16::json[], $17::bigint[], $18::float8[], $19::text[], $20::timestamptz[], $21::timestamptz[],
                     $22::smallint[], $23::bytea[], $24::json[], $25::bytea[])
"""  # noqa: S608 - made of constants

_MOVE_ENDS = """
update audit_chains c set seq = t.seq, hash = t.hash, recorded_at = t.recorded_at
from unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::timestamptz[]) as t (tenant_id, seq, hash, recorded_at)
where c.tenant_id = t.tenant_id
"""

_CHAINS = """
select tenant_id, coalesce(c.seq, 0) as seq, coalesce(c.hash, $1) as hash, coalesce(l.last_seq, 0) as last_seq,
       p.seq as cut_seq, p.hash as cut_hash, p.signature
from audit_chains c full join (select tenant_id, max(seq) as last_seq from audit_logs group by tenant_id) l
     using (tenant_id) left join audit_checkpoints p using (tenant_id)
order by tenant_id
"""

_ENTRIES = f"""
select tenant_id, seq, previous_hash, hash, {RECORD} from audit_logs
where tenant_id = $1 and seq > $2 and seq <= $3 order by seq limit $4
"""  # noqa: S608 - made of constants
