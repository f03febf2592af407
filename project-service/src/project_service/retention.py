"""How long project-service keeps the rows of each table, and what ends them."""

from project_service import limits
from project_service.blobs.service import SAFE_FOR as UNUSED_KEPT_FOR
from project_service.projects.domain import RESTORABLE_FOR
from project_service.projects.service import purge_deleted
from project_service.search.words import GoneWords
from project_service.versions.history import Histories
from project_service.webhooks.deliveries import KEPT_BYTES, delete_large_logs, forget_deliveries
from project_service.webhooks.domain import KEPT_FOR as DELIVERIES_KEPT_FOR
from shared.db.due_rows import DueRows
from shared.messaging.retention import MESSAGING, counters_of_gone
from shared.quotas import VERSIONS_KEPT_FOR
from shared.retention import AS_WRITTEN, BY_ITS_USER, FOR_EVER, WALK_SECONDS, Kept, Pruning, days, end_of, task

PROJECTS = Pruning.by_step(
    "purge deleted projects", purge_deleted, DueRows("projects", "deleted_at", RESTORABLE_FOR, "deleted_at is not null")
)
DELIVERIES = Pruning.by_step(
    "forget old deliveries", forget_deliveries, DueRows("webhook_deliveries", "created_at", DELIVERIES_KEPT_FOR)
)
LARGE_LOGS = Pruning.by_step("delete large delivery logs", delete_large_logs)
VERSIONS = Pruning("shorten histories of files", lambda: Histories().delete, interval=WALK_SECONDS)
WORDS = Pruning("forget words that are gone", lambda: GoneWords().delete, interval=WALK_SECONDS)

TOPICS = {
    "project": "projects",
    "tasks": "projects",
    "files": "projects",
    "list": "gift_lists",
    "list-items": "gift_lists",
    "occasion": "gift_occasions",
    "person": "gift_persons",
    "comments:project": "projects",
    "comments:task": "tasks",
    "comments:file": "files",
    "comments:list": "gift_lists",
    "comments:list_item": "list_items",
    "comments:gift": "gifts",
    "comments:occasion": "gift_occasions",
    "comments:person": "gift_persons",
}
"""Which table has the things that topics are about."""

_OF_PROJECT = end_of("project")
_OF_TENANT = end_of("tenant")
_OF_COMMENT = end_of("comment")
_OF_TASK = end_of("task")
_BY_TIER = ", ".join(f"{tier.value} {days(time)}" for tier, time in VERSIONS_KEPT_FOR.items())

OWN: tuple[Kept, ...] = (
    Kept("projects", "projects", "they are worked in", "", BY_ITS_USER),
    Kept(
        "projects", "deleted projects", "they can be restored", f"{days(RESTORABLE_FOR)} after it was deleted", PROJECTS
    ),
    Kept("project_members", "the teams of projects", "it is the right to a project", "", _OF_PROJECT),
    Kept("project_favorites", "favourites", "they are shown first", "", _OF_PROJECT),
    Kept("project_tags", "tags of projects", "projects are found by them", "", _OF_PROJECT),
    Kept("tasks", "tasks", "they are the work of a project", "", BY_ITS_USER),
    Kept("task_counts", "numbers of tasks by status", "counting each time costs more", "", _OF_PROJECT),
    Kept("task_labels", "labels", "tasks are sorted by them", "", _OF_PROJECT),
    Kept("task_label_uses", "labels on tasks", "the same", "", _OF_TASK),
    Kept("task_dependencies", "which task waits for which", "plans are made of it", "", _OF_TASK),
    Kept("task_attachments", "attachments", "they belong to a task", "", _OF_TASK),
    Kept(
        "attachment_leftovers",
        "objects that no attachment refers to",
        "an upload may still be under way",
        "1 hour old, and its object is deleted",
        task("attachments.sweep"),
    ),
    Kept("files", "files as they are now", "they are the project", "", BY_ITS_USER),
    Kept("file_trees", "one row a project: numbers of versions, totals", "versions are counted", "", _OF_PROJECT),
    Kept(
        "versions",
        "versions of files",
        "a project can be compared with what it was, and go back",
        f"by tier: {_BY_TIER}; the newest one of before stays",
        VERSIONS,
    ),
    Kept("file_changes", "what versions changed", "the same; the last change of each file stays", "the same", VERSIONS),
    Kept(
        "blobs",
        "contents of files",
        "files and versions refer to them",
        f"nothing refers to it, {days(UNUSED_KEPT_FOR)} after it was last used",
        task("contents.sweep"),
    ),
    Kept("storage_use", "one row a tenant: used storage", "it is the limit", "", _OF_TENANT),
    Kept("storage_allotments", "storage lent to other services", "it is part of the limit", "", _OF_TENANT),
    Kept("comments", "comments", "they are about a thing", "", end_of("thing, or its author")),
    Kept(
        "comment_edits",
        "what comments said before",
        "an edit can be seen",
        f"the newest {limits.EDITS_KEPT} of a comment",
        AS_WRITTEN,
    ),
    Kept("comment_stars", "stars on comments", "they are counted", "", _OF_COMMENT),
    Kept(
        "project_activity",
        "what happened in projects",
        "it is shown",
        f"the newest {limits.ACTIVITY_KEPT:,} of a project",
        AS_WRITTEN,
    ),
    Kept(
        "gift_activity",
        "what happened in gift planning",
        "it is shown",
        f"the newest {limits.ACTIVITY_KEPT:,} of a tenant",
        AS_WRITTEN,
    ),
    Kept("webhooks", "webhooks", "they are called", "", BY_ITS_USER),
    Kept(
        "webhook_deliveries",
        "deliveries to webhooks",
        "failed ones are repeated, all are looked at",
        f"{days(DELIVERIES_KEPT_FOR)} old",
        DELIVERIES,
    ),
    Kept(
        "webhook_bodies",
        "what was delivered",
        "it can be delivered again",
        f"the same; {KEPT_BYTES // 1024**2} MiB of a tenant",
        LARGE_LOGS,
    ),
    Kept(
        "workspace_sessions",
        "saved workspaces",
        "their user goes on where they were",
        f"at most {limits.SESSIONS_OF_USER.most} of a user",
        BY_ITS_USER,
    ),
    counters_of_gone(TOPICS),
    Kept("search_documents", "words of projects, tasks and comments", "they are found", "", end_of("thing")),
    Kept("search_spellings", "near spellings of words", "misspelt words are found", "no document has the word", WORDS),
    Kept("gift_persons", "persons who are given gifts", "gifts are planned for them", "", BY_ITS_USER),
    Kept("gift_occasions", "occasions", "the same", "", BY_ITS_USER),
    Kept("gift_lists", "gift lists", "the same", "", BY_ITS_USER),
    Kept("gifts", "gifts", "the same", "", BY_ITS_USER),
    Kept("list_items", "items of gift lists", "the same", "", end_of("list, or its gift")),
    Kept(
        "tenant_members",
        "a copy of the members of tenants",
        "names and rights are known without asking",
        "erased with the account",
        FOR_EVER,
    ),
)

RETENTION: tuple[Kept, ...] = (*MESSAGING, *OWN)
