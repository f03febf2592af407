"""Tenants that are closed and can be restored for a while, and which of them are being erased."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_tenant_closures, tenant_closures

RUN_IN_TRANSACTION = True

# A tenant whose last person was anonymised was only renamed until now: those end like all others. The owner of a table
# under forced row-level security sees no row of it.
CLOSING = """
alter table tenants add column closed_at timestamptz;
create index tenants_closed on tenants (closed_at) where closed_at is not null;

alter table tenants no force row level security;
alter table memberships no force row level security;
update tenants t set closed_at = now()
where not exists (select from memberships m where m.tenant_id = t.id);
alter table memberships force row level security;
alter table tenants force row level security;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return CLOSING + tenant_closures()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return f"""
{drop_tenant_closures()}
alter table tenants drop column closed_at;
"""
