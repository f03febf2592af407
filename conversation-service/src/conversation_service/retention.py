"""How long conversation-service keeps the rows of each table, and what ends them."""

from datetime import timedelta

from conversation_service import limits
from conversation_service.chats.abandoned import DUE as ABANDONED, RESTORABLE, delete_abandoned
from conversation_service.conversations.service import remove_expired
from conversation_service.runs.ledger import KEPT_FOR as RUNS_KEPT_FOR
from shared.db.due_rows import DueRows
from shared.messaging.retention import MESSAGING, counters_of_gone
from shared.retention import AS_WRITTEN, BY_ITS_USER, FOR_EVER, Kept, Pruning, days, end_of, task

USAGE_KEPT_FOR = timedelta(days=761)
"""Two years and a month: a month can be compared with the same month of the two years before."""

TICKETS_KEPT_FOR = timedelta(days=365)  # answers are about the product as it was
READ_KEPT_FOR = timedelta(days=180)  # of notifications: unread ones wait for their user
NEWS_KEPT_FOR = timedelta(days=60)
"""Of who no longer sees a project: twice as long as a deleted project can be restored, or an older event come."""

CONVERSATIONS = Pruning.by_step(
    "delete temporary conversations", remove_expired, DueRows("conversations", "expires_at")
)
SHARES = Pruning.of_rows("delete expired shares", DueRows("shares", "expires_at"))
RUNS = Pruning.of_rows("delete old runs", DueRows("runs", "finished_at", RUNS_KEPT_FOR), at_once=100)
CHATS = Pruning.by_step("delete chats of purged projects", delete_abandoned, ABANDONED)
VIEWERS = Pruning.of_rows(
    "forget who no longer sees projects", DueRows("project_viewers", "as_of", NEWS_KEPT_FOR, "not can_see")
)
NOTIFICATIONS = Pruning.of_rows(
    "delete old notifications", DueRows("notifications", "created_at", READ_KEPT_FOR, "read_at is not null")
)
TICKETS = Pruning.of_rows("delete old support questions", DueRows("support_tickets", "created_at", TICKETS_KEPT_FOR))
USAGE = Pruning.of_rows("delete old usage", DueRows("usage_days", "day", USAGE_KEPT_FOR))

TOPICS = {"conversation": "conversations", "chat": "chats"}
"""Which table has the things that topics are about."""

OWN: tuple[Kept, ...] = (
    Kept("conversations", "conversations with models", "their user reads and continues them", "", BY_ITS_USER),
    Kept(
        "conversations",
        "temporary and deleted conversations",
        "a temporary one is for a day; a deleted one goes in portions",
        "its time is over",
        CONVERSATIONS,
    ),
    Kept("messages", "messages of conversations", "they are the conversation", "", end_of("conversation")),
    Kept(
        "runs",
        "answers that were written",
        "a reader who comes back takes up the stream; the answer itself is a message",
        f"{days(RUNS_KEPT_FOR)} after it ended",
        RUNS,
    ),
    Kept("run_chunks", "the stream of an answer", "the same", "", end_of("run")),
    Kept("shares", "links to shared conversations", "whoever has the link reads it", "expired", SHARES),
    Kept("shares", "shares without an end", "they were asked for", "", BY_ITS_USER),
    Kept(
        "usage_days",
        "what models were used for, by day",
        "months are compared over years, bills are explained",
        f"{days(USAGE_KEPT_FOR)} old",
        USAGE,
    ),
    Kept("answer_allowances", "one row a tenant: tokens of the month", "it is the limit", "", end_of("tenant")),
    Kept(
        "answer_leases",
        "answers under way",
        "they count towards limits",
        "the answer has ended, or its node is silent",
        task("renew the leases of answers"),
    ),
    Kept("chats", "chats", "their members read them", "", BY_ITS_USER),
    Kept(
        "chats",
        "chats of purged projects",
        "a deleted project can be restored with its chats",
        f"{days(RESTORABLE)} after the project was deleted",
        CHATS,
    ),
    Kept("chat_participants", "who is in a chat", "it is the right to read it", "", end_of("chat")),
    Kept("chat_messages", "messages of chats", "they are the chat", "", end_of("chat")),
    Kept("chat_reactions", "reactions", "they belong to a message", "", end_of("message")),
    counters_of_gone(TOPICS),
    Kept("project_viewers", "who sees which project", "it is the right to its chats", "", end_of("tenant")),
    Kept(
        "project_viewers",
        "who no longer sees a project",
        "an older event that arrives late does not bring it back",
        f"{days(NEWS_KEPT_FOR)} after it was so",
        VIEWERS,
    ),
    Kept(
        "notifications",
        "notifications",
        "their user reads them",
        f"the newest {limits.NOTIFICATIONS_KEPT:,} of a user",
        AS_WRITTEN,
    ),
    Kept("notifications", "read notifications", "they can be looked up", f"{days(READ_KEPT_FOR)} old", NOTIFICATIONS),
    Kept("notification_inboxes", "one row a member: count and preferences", "they are shown", "", end_of("membership")),
    Kept(
        "support_tickets",
        "questions to support with their answers",
        "they are answered",
        f"{days(TICKETS_KEPT_FOR)} old",
        TICKETS,
    ),
    Kept("storage_allotments", "one row a tenant: storage that is lent", "it is the limit", "", end_of("tenant")),
    Kept(
        "tenant_members",
        "a copy of the members of tenants",
        "names and rights are known without asking",
        "erased with the account",
        FOR_EVER,
    ),
)

RETENTION: tuple[Kept, ...] = (*MESSAGING, *OWN)
