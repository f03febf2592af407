"""Which tenants are closed or deleted."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_tenant_closures, tenant_closures

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return tenant_closures()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_tenant_closures()
