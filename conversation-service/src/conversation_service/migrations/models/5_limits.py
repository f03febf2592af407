"""Chats are found by who has begun them, so that they can be counted."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return "create index chats_by_creator on chats (tenant_id, created_by);"


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "drop index chats_by_creator;"


MODELS_STATE = ""
