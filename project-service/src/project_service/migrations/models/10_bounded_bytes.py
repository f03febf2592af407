"""The outbox knows how large its events are; webhooks share the body of an event."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_outbox_sizes, outbox_sizes, tenant_policy

RUN_IN_TRANSACTION = True

BODIES = f"""
create table webhook_bodies (
    event_id uuid primary key,
    tenant_id uuid not null,
    body text not null,
    size int not null,
    created_at timestamptz not null
);
create index webhook_bodies_old on webhook_bodies (created_at);
alter table webhook_deliveries alter column body drop not null;
{tenant_policy("webhook_bodies")}
"""

DROP_BODIES = """
update webhook_deliveries d set body = coalesce((select b.body from webhook_bodies b where b.event_id = d.event_id), '')
where d.body is null;
alter table webhook_deliveries alter column body set not null;
drop table webhook_bodies;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return outbox_sizes() + BODIES


async def downgrade(db: BaseDBAsyncClient) -> str:
    return DROP_BODIES + drop_outbox_sizes()
