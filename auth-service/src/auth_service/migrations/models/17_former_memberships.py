"""Who has left which tenant is remembered, so that the erasure of an account reaches all that it has been to."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

TABLE = """
create table former_memberships (
    tenant_id uuid not null,
    user_id uuid not null,
    left_at timestamptz,
    is_account_erased boolean not null default false,
    primary key (tenant_id, user_id)
);
create index former_memberships_user on former_memberships (user_id);
create index former_memberships_erased on former_memberships (tenant_id, user_id) where is_account_erased;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return TABLE + tenant_policy("former_memberships")


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "drop table former_memberships;"
