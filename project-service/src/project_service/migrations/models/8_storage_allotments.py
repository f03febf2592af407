"""Parts of a tenant's storage that other services fill by themselves. `storage_use` counts them in."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

ALLOTMENTS = f"""
create table storage_allotments (
    tenant_id uuid not null,
    holder text not null,
    size bigint not null constraint storage_allotments_size_check check (size >= 0),
    primary key (tenant_id, holder)
);
{tenant_policy("storage_allotments")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return ALLOTMENTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
alter table storage_use no force row level security;
alter table storage_allotments no force row level security;
update storage_use u set used = u.used - a.size
from (select tenant_id, sum(size) as size from storage_allotments group by tenant_id) a where a.tenant_id = u.tenant_id;
alter table storage_use force row level security;
drop table storage_allotments;
"""


MODELS_STATE = ""
