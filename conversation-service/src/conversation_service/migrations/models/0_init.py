"""Messaging, conversations and their messages."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_messaging_tables, messaging_tables, tenant_policy

CONVERSATIONS = f"""
create table conversations (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    workspace_session_id uuid,
    project_id uuid,
    title text not null constraint conversation_title_length check (length(title) between 1 and 200),
    description text,
    ai_provider text,
    model text,
    status text not null default 'active' constraint conversation_status check (status in ('active', 'archived')),
    message_count int not null default 0,
    token_count bigint not null default 0,
    tags text[] not null default '{{}}',
    related_conversations uuid[] not null default '{{}}',
    summary text,
    expires_at timestamptz,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint conversation_of_tenant unique (tenant_id, id)
) with (fillfactor = 80);
create index conversations_by_update on conversations (tenant_id, user_id, updated_at, id);
create index conversations_by_creation on conversations (tenant_id, user_id, created_at, id);
{tenant_policy("conversations")}
"""

MESSAGES = f"""
create table messages (
    id uuid primary key,
    tenant_id uuid not null,
    conversation_id uuid not null,
    number int not null,
    user_id uuid not null,
    role text not null constraint message_role check (role in ('user', 'assistant', 'system')),
    content text not null,
    model text,
    parent_id uuid,
    token_count int not null,
    token_count_source text not null
        constraint message_token_count_source check (token_count_source in ('provider', 'tokenizer', 'estimate')),
    status text not null default 'completed',
    usage jsonb,
    feedback jsonb,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint message_number_once unique (conversation_id, number),
    constraint message_of_assistant_has_model check (role <> 'assistant' or model is not null),
    constraint message_of_conversation foreign key (tenant_id, conversation_id)
        references conversations (tenant_id, id) on delete cascade
);
{tenant_policy("messages")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return messaging_tables() + CONVERSATIONS + MESSAGES


async def downgrade(db: BaseDBAsyncClient) -> str:
    return f"drop table messages, conversations; {drop_messaging_tables()}"
