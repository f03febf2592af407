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


MODELS_STATE = (
    "eJztmv1v4jYYx/8VlJ866VZRoC+bpkmUsjumK0zX3Ha6CkUmMdRrYudspy3q+r8vNiE4CV"
    "yKkxTG8kvV2Oaxn8/jPH755tmwCX6AlAGOCD7uQorsO+PnxrMBJoxTYPPwYQpcBt81DOD7"
    "4VPiF0ZYPAH2/SOgjjW9t6YIug4LW92O1RrSIqkqB3CgFD0Lq6JDhDmT/XvgyXIhnnExnJ"
    "Nm80X8aGLZxA08LIYhRrMoc+AUBK4YqWFZw5Fp3fRNy4oqZR8Wn/twYVe0+rP7qfeh++ko"
    "NPuDaEZCR10oaoZRVWtRJzuNrePAdWUBsynypfurQmKHw0d4tipa9Sws9+4A/U2UiA5nEE"
    "MKOHQUugg78ClRgoEHFU+FWTCR41y28Of8juC4j3AEomGA0bcgbhb6kEO3dXqaoSsiHMW3"
    "COHQ9EbCsm4/CCvelkg5AzWs5xBzXai/34yGotpj7Jursjy67n5JY+59HF2KIp8wPqPSij"
    "RwWSZyYVATucIiH7mDbN74p+EixtegH28z/nSOWowwfvRaXqqBBzCYSRciE4oHmcwpYpDJ"
    "dX7Upwxk+k2cCVs/tk46552L9lnnImwvScQl55lphBzdGTQYmmWGf4D52uhzGiSDHxUsyS"
    "0cyA87wslwCzNi+Dz6mQFi6os2FiczyO8glehF00SQeurKtYtFDgScWJg8qv1FRRZw1Nck"
    "N5VQKGBbQDubmIPr/o3Zvf4jkVKuumZf1LRk6TxVenSWSjOxkcZfA/NDQzw2vo6G/XTmid"
    "uZX8ucgFchA448qJuDEhBfkYai7o6X/2xYB8oLM3zyUYiwDnORMCchKmGO0tLOoxz4Tv0y"
    "F41yEmJ5L3MJC7YHGQv3EGFJoL/7y67dzdIX7nzKGVe2X8VLRVvwnJKFerIDqFsdP7bF+V"
    "Or1W6ft5rts4vTzvn56UUz5pqtygLm5B7iYjP3cvBecE7kmjJn8yWa6bNP+Vci/+yNBbJ8"
    "Sh6QA6l2nu9/Mb9/BIzT/MfR8P2yefpcWGLWNuGTLvoUj9yFWf/grbpWk8/wqJC8Rxzo1s"
    "xVEhXSDl+nv6HNLf0bAkm3vdgZqnu+z58HV2WCFPY0QSadzKUZBMg5lsPXY0qhK/eV6o0A"
    "08UrxnE7ToE0fpkG2BZ2G5MAuRxhdiyuun41tPF2KQVzTb4bHc5fGzdc0L0GM+OAB9pcK8"
    "kUBgiD8gD1o1AgW6xwVHkhzQLPA3S+V9R3lZ8VFhVmaA5mhSb5viePpX+V5goOMcAHvsol"
    "fMynWXSV44i7sM4DKokqE2/AID3s+at4WP3sfST0nvnAhhaDTFylHDbbTe4W2gvvg4raS6"
    "lu22mpJQqlW0wCZQGWeMWfToHVd4t5oSmrrp8FGXE1s/9/lcZ6vbggNmp59X+vyOy/vFoL"
    "byWEeY+FNxx4E/3L9jf6Wiaf8MqNHattJYhBewO1OuGn1jGr1dEKfkZ5UKfVrT6jLPTlar"
    "xfO+yz1RpPqz+/TiF0xEZXl+tBfRmswsj/WOu7XwbXCuXeKZSAwkO/uk34WL0+SeqLW6iC"
    "qFQw20OV0iae70JBaRfU30aorBWf8hWf1fnHYiSgdp1FNmOpVgsS96X1zk8h8QbbvlqB+0"
    "8pQ0tZ4V0tCu1UFIq+/9+kB92uPz/L68vx+OXlX50079U="
)
