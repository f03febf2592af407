"""Notes get a colour."""

from tortoise import BaseDBAsyncClient


async def upgrade(db: BaseDBAsyncClient) -> str:
    return "alter table notes add column colour text"


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "alter table notes drop column colour"
