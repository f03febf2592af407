"""Who belongs to the tenants, chats with their messages, notifications, and tickets of support."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

# A copy of what auth-service tells. A row of somebody who left says nothing but that they left, and when.
MEMBERS = f"""
create table tenant_members (
    tenant_id uuid not null,
    user_id uuid not null,
    is_member boolean not null,
    is_active boolean not null,
    role text,
    email text,
    display_name text,
    email_key text,
    mail_handle text,
    name_handle text,
    as_of timestamptz not null,
    primary key (tenant_id, user_id)
);
{tenant_policy("tenant_members")}
"""

# `direct_key` names the two people of a direct chat: it exists once.
CHATS = f"""
create table chats (
    id uuid primary key,
    tenant_id uuid not null,
    kind text not null constraint chat_kind check (kind in ('direct', 'group', 'project')),
    title text constraint chat_title_length check (length(title) between 1 and 200),
    project_id uuid,
    direct_key text,
    created_by uuid not null,
    message_count int not null default 0,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint chat_of_tenant unique (tenant_id, id),
    constraint direct_chat_once unique (tenant_id, direct_key),
    constraint chat_of_its_kind check ((kind = 'project') = (project_id is not null)
                                       and (kind = 'direct') = (direct_key is not null))
) with (fillfactor = 80);
create index chats_by_project on chats (tenant_id, project_id) where project_id is not null;
{tenant_policy("chats")}

create table chat_participants (
    id uuid primary key,
    tenant_id uuid not null,
    chat_id uuid not null,
    user_id uuid not null,
    role text not null constraint chat_participant_role check (role in ('owner', 'member')),
    last_read_number int not null,
    joined_at timestamptz not null,
    constraint chat_participant_once unique (chat_id, user_id),
    constraint chat_participant_of_chat foreign key (tenant_id, chat_id)
        references chats (tenant_id, id) on delete cascade
) with (fillfactor = 80);
create index chat_participants_by_user on chat_participants (tenant_id, user_id, chat_id);
create index chat_participants_by_age on chat_participants (chat_id, id);
{tenant_policy("chat_participants")}

create table project_viewers (
    tenant_id uuid not null,
    project_id uuid not null,
    user_id uuid not null,
    can_see boolean not null,
    is_on_team boolean not null,
    as_of timestamptz not null,
    primary key (tenant_id, project_id, user_id)
);
create index project_viewers_by_user on project_viewers (tenant_id, user_id);
{tenant_policy("project_viewers")}
"""

CHAT_MESSAGES = f"""
create table chat_messages (
    id uuid primary key,
    tenant_id uuid not null,
    chat_id uuid not null,
    number int not null,
    author_id uuid,
    about_user_id uuid,
    type text not null constraint chat_message_type check (type in ('text', 'system', 'file')),
    content text not null,
    reply_to uuid,
    edited_at timestamptz,
    is_deleted boolean not null default false,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint chat_message_number_once unique (chat_id, number),
    constraint chat_message_of_the_server check ((type = 'system') = (author_id is null)),
    constraint chat_message_of_chat foreign key (tenant_id, chat_id)
        references chats (tenant_id, id) on delete cascade
);
create index chat_messages_about on chat_messages (tenant_id, about_user_id) where about_user_id is not null;
{tenant_policy("chat_messages")}

create table chat_reactions (
    id uuid primary key,
    tenant_id uuid not null,
    message_id uuid not null references chat_messages (id) on delete cascade,
    user_id uuid not null,
    emoji text not null constraint chat_reaction_size check (octet_length(emoji) between 1 and 32),
    constraint chat_reaction_once unique (message_id, user_id, emoji)
);
{tenant_policy("chat_reactions")}
"""

# One row per person keeps what is unread counted, and what they want to hear of and how.
NOTIFICATIONS = f"""
create table notifications (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    kind text not null,
    event_id uuid not null,
    title text not null,
    actor_id uuid,
    entity_type text,
    entity_id uuid,
    project_id uuid,
    read_at timestamptz,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint notification_once unique (event_id, user_id, kind)
);
create index notifications_by_time on notifications (tenant_id, user_id, created_at, id);
create index notifications_unread on notifications (tenant_id, user_id, created_at, id) where read_at is null;
{tenant_policy("notifications")}

create table notification_inboxes (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    unread_count int not null default 0 constraint notification_unread_count check (unread_count >= 0),
    preferences jsonb not null default '{{}}',
    version int not null default 1,
    updated_at timestamptz not null,
    constraint notification_inbox_once unique (tenant_id, user_id)
) with (fillfactor = 70);
{tenant_policy("notification_inboxes")}
"""

SUPPORT = f"""
create table support_tickets (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    question text not null,
    answer text,
    source text not null constraint support_ticket_source check (source in ('faq', 'ai', 'none')),
    article text,
    created_at timestamptz not null
);
create index support_tickets_by_user on support_tickets (tenant_id, user_id, created_at);
{tenant_policy("support_tickets")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return MEMBERS + CHATS + CHAT_MESSAGES + NOTIFICATIONS + SUPPORT


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        drop table support_tickets, notification_inboxes, notifications, chat_reactions, chat_messages,
            project_viewers, chat_participants, chats, tenant_members;
    """
