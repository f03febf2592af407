"""Gifts whose pages are to be read, and reveals that are to be told, wait as jobs."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True

GIFTS, LISTS, JOBS = "gifts", "gift_lists", "jobs"

# The attempts that took a worker down go on to count.
READINGS = """
insert into jobs (id, kind, tenant_id, unique_key, payload, status, due_at, attempts, created_at)
select gen_random_uuid(), 'gift.metadata', tenant_id, id::text, json_build_object('gift_id', id), 'scheduled',
       coalesce(metadata_due_at, now()), metadata_attempts, now()
from gifts where metadata_status = 'pending' and url is not null order by metadata_due_at;
"""

REVEALS = """
insert into jobs (id, kind, tenant_id, unique_key, payload, status, due_at, created_at)
select gen_random_uuid(), 'gift.reveal', tenant_id, id::text, json_build_object('list_id', id), 'scheduled',
       reveal_due_at, now()
from gift_lists where reveal_due_at is not null order by reveal_due_at;
"""

UPGRADE = """
alter table gifts drop column metadata_due_at, drop column metadata_attempts;
alter table gift_lists drop column reveal_due_at;
"""

DOWNGRADE = """
alter table gifts add column metadata_due_at timestamptz, add column metadata_attempts int not null default 0;
alter table gift_lists add column reveal_due_at timestamptz;
create index gifts_to_read on gifts (metadata_due_at) where metadata_due_at is not null;
create index gift_lists_to_reveal on gift_lists (reveal_due_at) where reveal_due_at is not null;
"""

WAITING = """
update gifts set metadata_due_at = now() where metadata_status = 'pending';
update gift_lists l set reveal_due_at = j.due_at from jobs j
where j.kind = 'gift.reveal' and j.unique_key = l.id::text and j.ended_at is null;
delete from jobs where kind in ('gift.metadata', 'gift.reveal');
"""


def _for_all_tenants(sql: str) -> str:
    """The owner of the tables, too, sees no row under forced row-level security."""
    tables = (GIFTS, LISTS, JOBS)
    lifted = "".join(f"alter table {table} no force row level security;\n" for table in tables)
    forced = "".join(f"alter table {table} force row level security;\n" for table in tables)
    return f"{lifted}{sql}{forced}"


async def upgrade(db: BaseDBAsyncClient) -> str:
    return _for_all_tenants(READINGS + REVEALS) + UPGRADE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return DOWNGRADE + _for_all_tenants(WAITING)
