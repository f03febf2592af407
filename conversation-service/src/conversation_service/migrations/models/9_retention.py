"""When the project of a chat was deleted: its chats go once it is purged."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return "alter table chats add column project_deleted_at timestamptz;"


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "alter table chats drop column project_deleted_at;"
