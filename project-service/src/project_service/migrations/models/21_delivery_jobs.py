"""Deliveries that wait are jobs; their table is a log. Not in one transaction; may be repeated."""

from tortoise import BaseDBAsyncClient

from shared.db.catch_up import rows_of_all_tenants

RUN_IN_TRANSACTION = False

NOTHING_MORE = "select 1;"

IS_QUEUE = """
select from information_schema.columns where table_name = 'webhook_deliveries' and column_name = 'due_at'
"""

# In the order in which they were told to receivers until now. What somebody had in hand is sent again.
MOVE = """
insert into jobs (id, kind, tenant_id, payload, order_key, concurrency_key, unique_key, priority, status, due_at,
                  created_at)
select gen_random_uuid(), 'webhook.delivery', d.tenant_id, json_build_object('delivery_id', d.id),
       case when not d.on_demand then d.webhook_id::text || '/' || d.subject end,
       d.webhook_id::text || case when d.on_demand then '/on demand' else '' end, d.id::text,
       case when d.on_demand then 1 else 0 end, case when d.due_at > now() then 'scheduled' else 'queued' end, d.due_at,
       d.created_at
from webhook_deliveries d where d.status = 'pending' order by d.occurred_at, d.id;
"""

# With the columns go the indexes over them, and those that found the next of a line.
DROP_QUEUE = """
alter table webhook_deliveries drop column due_at, drop column lease_until;
drop index if exists webhook_deliveries_in_line;
"""

QUEUE = """
alter table webhook_deliveries add column due_at timestamptz not null default now(), add column lease_until timestamptz;
alter table webhook_deliveries alter column due_at drop default;
create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at) where status = 'pending';
create index webhook_deliveries_in_line on webhook_deliveries (webhook_id, subject, occurred_at, id)
    where status = 'pending' and not on_demand;
create index webhook_deliveries_leased on webhook_deliveries (webhook_id) where lease_until is not null;
"""

MOVE_BACK = """
update webhook_deliveries d set due_at = j.due_at
from jobs j where j.kind = 'webhook.delivery' and j.unique_key = d.id::text and j.status = 'scheduled';
delete from jobs where kind = 'webhook.delivery';
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    async with rows_of_all_tenants(db, "webhook_deliveries", "jobs"):
        if await _is_queue(db):
            await db.execute_script(f"begin; {MOVE} {DROP_QUEUE} commit;")
    return NOTHING_MORE


async def downgrade(db: BaseDBAsyncClient) -> str:
    async with rows_of_all_tenants(db, "webhook_deliveries", "jobs"):
        if not await _is_queue(db):
            await db.execute_script(f"begin; {QUEUE} {MOVE_BACK} commit;")
    return NOTHING_MORE


async def _is_queue(db: BaseDBAsyncClient) -> bool:
    found, _ = await db.execute_query(IS_QUEUE)
    return found == 1
