"""What migrations do about rows of before them: may be repeated, in portions, while others write."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from tortoise import BaseDBAsyncClient

from shared.db.schema import NO_TENANT

EVENTS_AT_ONCE = 10_000
"""Of one statement: a fraction of a second."""

_POLICY = "catch_up"


@asynccontextmanager
async def rows_of_all_tenants(db: BaseDBAsyncClient, *tables: str) -> AsyncIterator[None]:
    """For the owner of the tables, who sees no row under forced row-level security.

    Each table is locked twice for a moment, and not meanwhile. For migrations that are not in one transaction; what one
    that was killed has left is replaced by the next, and removed at its end.
    """
    for table in tables:
        create = f"create policy {_POLICY} on {table} to current_user using (true) with check (true);"
        await db.execute_script(f"begin; {_drop_policy(table)} {create} commit;")
    yield
    for table in tables:
        await db.execute_script(_drop_policy(table))


def _drop_policy(table: str) -> str:
    return f"drop policy if exists {_POLICY} on {table};"


async def redact_earlier_events(
    db: BaseDBAsyncClient, deleted: Sequence[str], edited: Mapping[str, str] | None = None
) -> None:
    """For the subjects of deletions that were published before there were redactions, and of edits.

    `deleted` are types of events; `edited` maps a type to the field whose change is an edit.
    """
    edited = edited or {}
    after = UUID(NO_TENANT)
    async with rows_of_all_tenants(db, "outbox", "redactions"):
        while True:
            [row] = await db.execute_query_dict(
                _REDACT, [after, EVENTS_AT_ONCE, list(deleted), list(edited), list(edited.values())]
            )
            if row["last"] is None:
                return
            after = row["last"]


_REDACT = f"""
with page as materialized (
    select id from outbox where id > $1 order by id limit $2
), ended as (
    select coalesce(e.tenant_id, '{NO_TENANT}') as tenant_id, e.subject, max(e.seq) as before_seq
    from page join outbox e on e.id = page.id
    where e.type = any($3::text[])
       or case when e.type = any($4::text[]) then e.data::jsonb -> 'changed_fields' ?| $5::text[] else false end
    group by 1, 2
), redacted as (
    insert into redactions as r (tenant_id, kind, key, before_seq)
    select tenant_id, 'subject', subject, before_seq from ended
    on conflict (tenant_id, kind, key) do update set before_seq = greatest(r.before_seq, excluded.before_seq)
)
select (select id from page order by id desc limit 1) as last
"""  # noqa: S608 - made of constants
