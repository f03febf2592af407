"""The event log knows what must not be read of it any more, and who must not read what was told before they came."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_member_admissions, drop_redaction_tables, member_admissions, redaction_tables

RUN_IN_TRANSACTION = True


VISIBLE_SINCE = """
alter table projects add column visible_since timestamptz;
alter table gift_lists add column visible_since timestamptz;
"""

DROP_VISIBLE_SINCE = """
alter table gift_lists drop column visible_since;
alter table projects drop column visible_since;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return redaction_tables() + member_admissions() + VISIBLE_SINCE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return DROP_VISIBLE_SINCE + drop_member_admissions() + drop_redaction_tables()
