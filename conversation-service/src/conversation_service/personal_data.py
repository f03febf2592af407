"""What conversation-service holds about people, and what becomes of it; a deleted tenant is erased in this order."""

from shared.personal_data import (
    DELETED_BY_TENANT,
    MESSAGING,
    Fate,
    Person,
    Rows,
    Table,
    jobs_about,
    one_after_the_other,
    rows_below,
    rows_of_tenant,
    rows_with,
)

_PRIVATE = "Nobody else in the tenant sees them. Stays while its owner is away, for they may come back."
_MINUTES = "counts answers under way, within minutes"


# Together with messages of forks that show their content, which cannot stay without it.
_ERASE_MESSAGES = """
with doomed as materialized (
    select below.id from conversations c cross join lateral (
        select id from messages where conversation_id = c.id and tenant_id = $1 limit $2
    ) below
    where c.tenant_id = $1 limit $2
)
delete from messages where id in (
    select id from doomed union all select fork.id from messages fork join doomed on fork.content_of = doomed.id
)
"""

TABLES = (
    jobs_about(
        Person(("payload", "unique_key"), "who has left"),
        note=(
            "Until it is done: what a member leaves and the erasure of a tenant as long as it takes, an hour at least "
            "for the latter; 30 days when it was set aside."
        ),
        not_exported="ids of what is exported",
    ),
    Table(
        "run_chunks",
        "what a model has answered so far",
        rows_with("runs"),
        note="Kept for a day.",
    ),
    Table(
        "runs",
        "answers of models",
        rows_of_tenant("runs"),
        (Person(("user_id",), "who asked", erased=Fate.DELETED),),
        "Kept for a day; stopped when the tenant is closed.",
        not_exported="the message is exported",
        impersonal=("message_id",),
    ),
    Table(
        "shares",
        "links by which anybody reads a conversation",
        rows_of_tenant("shares"),
        (Person(("user_id",), "who shared it", Fate.DELETED, Fate.DELETED),),
        "They answer nothing while the tenant is closed.",
        not_exported="what lets somebody in is shown to nobody",
        impersonal=("message_id",),
    ),
    Table(
        "messages",
        "what was said in conversations with models",
        one_after_the_other(
            Rows(DELETED_BY_TENANT, (_ERASE_MESSAGES,)),
            rows_of_tenant("messages", condition="conversation_id is null"),
        ),
        (Person(("user_id", "content", "feedback"), "whose conversation it is", erased=Fate.DELETED),),
        _PRIVATE,
        ("messages",),
        impersonal=("content_of",),
    ),
    Table(
        "conversations",
        "conversations with models",
        rows_of_tenant("conversations"),
        (Person(("user_id", "title", "description", "summary"), "whose it is", erased=Fate.DELETED),),
        _PRIVATE,
        ("conversations",),
    ),
    Table(
        "usage_days",
        "what somebody used of models",
        rows_of_tenant("usage_days"),
        (Person(("user_id",), "who used it", erased=Fate.DELETED),),
        "The tenant's sum of the month is counted apart.",
        ("usage",),
    ),
    Table(
        "answer_leases",
        "answers under way",
        rows_of_tenant("answer_leases"),
        (Person(("user_id",), "who asked"),),
        "Over within minutes.",
        not_exported=_MINUTES,
    ),
    Table("answer_allowances", "what a tenant has used of models this month", rows_of_tenant("answer_allowances")),
    Table(
        "chat_reactions",
        "emojis at messages",
        rows_with("chat_messages"),
        (Person(("user_id",), "whose it is"),),
        "Part of a conversation of the team.",
        not_exported="it is the team's, which goes on with it",
        impersonal=("message_id",),
    ),
    Table(
        "chat_messages",
        "what people said in chats",
        rows_below("chat_messages", "chats", "chat_id"),
        (
            Person(("author_id", "content"), "its author"),
            Person(("about_user_id",), "whom the server's own words name", Fate.ANONYMISED, Fate.ANONYMISED),
        ),
        "Part of a conversation of the team: `Former member` stands for an author who left.",
        ("chat_messages",),
    ),
    Table(
        "chat_participants",
        "who is in a chat",
        rows_of_tenant("chat_participants"),
        (Person(("user_id",), "the participant", Fate.DELETED, Fate.DELETED),),
        "",
        ("chats",),
    ),
    Table(
        "chats",
        "chats",
        rows_of_tenant("chats"),
        (Person(("created_by", "direct_key"), "who began it, who talk to each other"),),
        "Goes with its last participant.",
        ("chats",),
        impersonal=("title", "message_count"),
    ),
    Table(
        "project_viewers",
        "who sees a project",
        rows_of_tenant("project_viewers"),
        (Person(("user_id",), "who sees it"),),
        "An id, and whether.",
        not_exported="a copy of what project-service exports",
    ),
    Table(
        "notifications",
        "what somebody was notified of",
        rows_of_tenant("notifications"),
        (
            Person(("user_id", "title"), "who was notified", erased=Fate.DELETED),
            Person(("actor_id",), "who did it"),
        ),
        "The newest of each person are kept.",
        ("notifications",),
    ),
    Table(
        "notification_inboxes",
        "how somebody wants to be notified",
        rows_of_tenant("notification_inboxes"),
        (Person(("user_id", "preferences"), "who is notified", erased=Fate.DELETED),),
        "",
        ("notification_settings",),
    ),
    Table(
        "support_tickets",
        "what somebody asked",
        rows_of_tenant("support_tickets"),
        (Person(("user_id", "question", "answer"), "who asked", erased=Fate.DELETED),),
        "",
        ("support_tickets",),
    ),
    Table("storage_allotments", "bytes that a tenant uses here", rows_of_tenant("storage_allotments")),
    Table(
        "tenant_members",
        "a copy of who the members are",
        rows_of_tenant("tenant_members"),
        (
            Person(
                ("user_id", "email", "display_name", "email_key", "mail_handle", "name_handle"),
                "the member",
                Fate.ANONYMISED,
                Fate.ANONYMISED,
            ),
        ),
        "The id of a former member stays, without a name.",
        not_exported="auth-service exports the account",
    ),
    *MESSAGING,
)
