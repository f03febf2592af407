"""What is held about a person here: their conversations, what they said in chats they take part in, and the rest."""

# ruff: noqa: S608 - statements are put together from constants

from conversation_service.messages.repository import CONTENT
from shared.held_data import Section, table_section

CONVERSATIONS = Section(
    "conversations",
    """
    select row_to_json(told)::text as held, told.id, 0 as number
    from (
        select id, title, description, project_id, workspace_session_id, ai_provider, model, status, tags, summary,
               message_count, token_count, expires_at, created_at, updated_at
        from conversations
        where tenant_id = $1 and user_id = $2 and (expires_at is null or expires_at > now())
          and (id, 0) > ($3::uuid, $4::int)
        order by id limit $5
    ) told
    """,
)
# One conversation or chat after the other: each page goes on where the one before ended, and reads nothing twice.
MESSAGES = Section(
    "messages",
    f"""
    select row_to_json(told)::text as held, told.conversation_id as id, told.number
    from (
        select m.id, m.conversation_id, m.number, m.parent_id, m.role, {CONTENT} as content, m.model, m.token_count,
               m.token_count_source, m.status, m.usage, m.feedback, m.created_at
        from conversations c cross join lateral (
            select * from messages
            where tenant_id = $1 and conversation_id = c.id and number > case when c.id = $3 then $4::int else 0 end
            order by number limit $5
        ) m
        where c.tenant_id = $1 and c.user_id = $2 and (c.expires_at is null or c.expires_at > now())
          and c.id >= $3::uuid
        order by c.id, m.number limit $5
    ) told
    """,
)
CHATS = Section(
    "chats",
    """
    select row_to_json(told)::text as held, told.id, 0 as number
    from (
        select c.id, c.kind, c.title, c.project_id, p.role, p.last_read_number, p.joined_at
        from chat_participants p join chats c on c.tenant_id = p.tenant_id and c.id = p.chat_id
        where p.tenant_id = $1 and p.user_id = $2 and (c.id, 0) > ($3::uuid, $4::int)
        order by c.id limit $5
    ) told
    """,
)
CHAT_MESSAGES = Section(
    "chat_messages",
    """
    select row_to_json(told)::text as held, told.chat_id as id, told.number
    from (
        select m.id, m.chat_id, m.number, m.type, m.content, m.reply_to, m.edited_at, m.is_deleted, m.created_at
        from chat_participants p cross join lateral (
            select * from chat_messages
            where tenant_id = $1 and chat_id = p.chat_id and author_id = $2
              and number > case when p.chat_id = $3 then $4::int else 0 end
            order by number limit $5
        ) m
        where p.tenant_id = $1 and p.user_id = $2 and p.chat_id >= $3::uuid
        order by p.chat_id, m.number limit $5
    ) told
    """,
)
USAGE = Section(
    "usage",
    """
    select row_to_json(told)::text as held, $2::uuid as id, told.number
    from (
        select row_number() over (order by day, provider, model)::int as number, day, provider, model, answers,
               prompt_tokens, completion_tokens
        from usage_days where tenant_id = $1 and user_id = $2
    ) told
    where ($2::uuid, told.number) > ($3::uuid, $4::int) order by told.number limit $5
    """,
)
SECTIONS = (
    CONVERSATIONS,
    MESSAGES,
    CHATS,
    CHAT_MESSAGES,
    table_section(
        "notifications",
        "notifications",
        "id, kind, title, actor_id, entity_type, entity_id, project_id, read_at, created_at",
        whose="user_id",
    ),
    table_section("notification_settings", "notification_inboxes", "id, preferences, updated_at", whose="user_id"),
    table_section("support_tickets", "support_tickets", "id, question, answer, source, created_at", whose="user_id"),
    USAGE,
)
