"""The event log knows what must not be read of it any more, and members when they came."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_member_admissions, drop_redaction_tables, member_admissions, redaction_tables

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return redaction_tables() + member_admissions()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_member_admissions() + drop_redaction_tables()
