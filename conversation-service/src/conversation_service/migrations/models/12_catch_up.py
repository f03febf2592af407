"""What was deleted or edited, and who had left, before it was noted. Not in one transaction; may be repeated."""

from tortoise import BaseDBAsyncClient

from shared.db.catch_up import redact_earlier_events, rows_of_all_tenants

RUN_IN_TRANSACTION = False

DELETIONS = (
    "conversation.conversation.deleted",
    "conversation.chat.deleted",
    "conversation.chat_message.deleted",
)
EDITS = {"conversation.chat_message.updated": "content"}

SHARES = """
delete from shares s using tenant_members m
where m.tenant_id = s.tenant_id and m.user_id = s.user_id and not m.is_member
"""

NOTHING_MORE = "select 1;"


async def upgrade(db: BaseDBAsyncClient) -> str:
    async with rows_of_all_tenants(db, "shares", "tenant_members"):
        await db.execute_script(SHARES)
    await redact_earlier_events(db, DELETIONS, EDITS)
    return NOTHING_MORE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return NOTHING_MORE
