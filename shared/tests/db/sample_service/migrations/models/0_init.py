"""Messaging tables and the notes."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import (
    drop_messaging_tables,
    messaging_tables,
    outbox_backlog,
    outbox_sizes,
    redaction_tables,
    tenant_policy,
)


async def upgrade(db: BaseDBAsyncClient) -> str:
    return f"""
        {messaging_tables()}
        {outbox_sizes()}
        {outbox_backlog()}
        {redaction_tables()}
        create table notes (
            id uuid primary key,
            tenant_id uuid not null,
            title text not null constraint notes_title_length check (length(title) <= 200),
            labels jsonb not null default '[]',
            parent_id uuid constraint notes_parent references notes (id),
            version int not null default 1,
            constraint notes_title_once unique (tenant_id, title)
        );
        {tenant_policy("notes")}
    """


async def downgrade(db: BaseDBAsyncClient) -> str:
    return f"drop table notes; {drop_messaging_tables()}"
