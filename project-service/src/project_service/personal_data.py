"""What project-service holds about people, and what becomes of it; a deleted tenant is erased in this order."""

import asyncio
from uuid import UUID

from project_service.object_store import ObjectStore, tenant_prefix
from shared.db.unit_of_work import Work
from shared.personal_data import (
    MESSAGING,
    Fate,
    Person,
    Table,
    erasure_steps,
    jobs_about,
    one_after_the_other,
    rows_below,
    rows_of_tenant,
    rows_with,
)
from shared.tenant_closures.erasure import ErasureStep

OBJECTS_AT_ONCE = 20  # of the store, while the transaction of the step is open

_TEAMS = "it is the team's, which goes on with it"
_IN_PROJECT = "Goes 30 days after its project was deleted."


def _by_id(*columns: str, whose: str) -> Person:
    return Person(columns, whose)


def objects_of_tenant(objects: ObjectStore) -> ErasureStep:
    """All that the store has under the tenant's prefix: contents of files and attachments, referred to or not."""

    async def delete(_work: Work, tenant_id: UUID, limit: int) -> int:
        keys = await objects.keys_below(tenant_prefix(tenant_id), min(limit, OBJECTS_AT_ONCE))
        await asyncio.gather(*(objects.delete(key) for key in keys))
        return len(keys)

    return delete


TABLES = (
    jobs_about(
        _by_id("payload", "unique_key", whose="who has left; what is sent, read or revealed"),
        note=(
            "Until it is done: a reveal at its time, which may be months away; a delivery for days, 8 where its "
            "webhook is not active; what a member leaves and the erasure of a tenant as long as it takes, an hour at "
            "least for the latter; 30 days when it was set aside."
        ),
        not_exported="ids of what is exported",
    ),
    Table(
        "webhook_deliveries",
        "what was sent to webhooks",
        rows_below("webhook_deliveries", "webhooks", "webhook_id"),
        (_by_id("body", whose="whoever the event is about"),),
        "Kept for 7 days.",
        not_exported="copies of events",
        impersonal=("response_body",),
    ),
    Table(
        "webhook_bodies",
        "what was sent to several webhooks",
        rows_of_tenant("webhook_bodies"),
        (_by_id("body", whose="whoever the event is about"),),
        "Kept for 7 days.",
        not_exported="copies of events",
    ),
    Table(
        "webhooks",
        "where events are sent",
        rows_of_tenant("webhooks"),
        (Person(("created_by",), "who made it", Fate.PASSED_ON, Fate.PASSED_ON),),
        "The tenant's: an owner has it when its maker leaves.",
        ("webhooks",),
    ),
    Table(
        "workspace_sessions",
        "where somebody works, for them alone",
        rows_below("workspace_sessions", "tenant_members", "user_id", "user_id"),
        (Person(("user_id", "name", "workspace_path", "state"), "its owner", Fate.DELETED, Fate.DELETED),),
        "",
        ("workspace_sessions",),
    ),
    Table(
        "comment_edits",
        "what comments said before",
        rows_with("comments"),
        (_by_id("body", whose="the comment's author"),),
        "As long as the comment.",
        not_exported="the comment as it is now is exported",
    ),
    Table(
        "comment_stars",
        "comments somebody marked",
        rows_with("comments"),
        (Person(("user_id",), "who marked it", Fate.DELETED, Fate.DELETED),),
        "",
        ("starred_comments",),
    ),
    Table(
        "comments",
        "what people said about things",
        one_after_the_other(
            rows_below("comments", "projects", "project_id"),
            rows_of_tenant("comments", condition="project_id is null"),
        ),
        (
            _by_id("author_id", "body", whose="its author"),
            _by_id("mentioned_user_ids", whose="who is mentioned"),
        ),
        "Part of a conversation of the team: `Former member` stands for an author who left.",
        ("comments",),
    ),
    Table("task_label_uses", "labels of tasks", rows_with("tasks")),
    Table("task_dependencies", "which task waits for which", rows_with("tasks")),
    Table(
        "task_attachments",
        "files and links of tasks",
        rows_with("tasks"),
        (_by_id("created_by", "name", "url", whose="who added it"),),
        _IN_PROJECT,
        not_exported=_TEAMS,
    ),
    Table(
        "tasks",
        "what a team does",
        rows_below("tasks", "projects", "project_id"),
        (
            Person(("assignee_id",), "who does it", Fate.CLEARED, Fate.CLEARED),
            _by_id("created_by", whose="who made it"),
        ),
        _IN_PROJECT,
        not_exported=_TEAMS,
        impersonal=("title", "title_key", "description"),
    ),
    Table("task_counts", "how many tasks there are", rows_below("task_counts", "projects", "project_id")),
    Table(
        "task_labels",
        "names of labels",
        rows_below("task_labels", "projects", "project_id"),
        impersonal=("name", "name_key"),
    ),
    Table(
        "files",
        "the files of a project",
        rows_below("files", "projects", "project_id"),
        note=_IN_PROJECT,
    ),
    Table("file_changes", "what each version changed", rows_of_tenant("file_changes")),
    Table(
        "versions",
        "versions of a project's files",
        rows_below("versions", "projects", "project_id"),
        (_by_id("author_id", "message", whose="who made it"),),
        f"{_IN_PROJECT} `Former member` stands for an author who left.",
        not_exported=_TEAMS,
    ),
    Table("file_trees", "how many files a project has", rows_below("file_trees", "projects", "project_id")),
    Table(
        "blobs",
        "contents of files",
        rows_of_tenant("blobs"),
        note="Deleted a day after nothing refers to them.",
        impersonal=("content",),
    ),
    Table(
        "project_members",
        "who is on the team of a project",
        rows_below("project_members", "projects", "project_id"),
        (Person(("user_id",), "the member", Fate.DELETED, Fate.DELETED),),
        "",
        ("team_memberships",),
    ),
    Table(
        "project_favorites",
        "projects somebody marked",
        rows_below("project_favorites", "projects", "project_id"),
        (Person(("user_id",), "who marked it", Fate.DELETED, Fate.DELETED),),
        "",
        ("favorites",),
    ),
    Table(
        "project_tags",
        "tags of projects",
        rows_below("project_tags", "projects", "project_id"),
        impersonal=("name", "name_key"),
    ),
    Table(
        "project_activity",
        "what happened in a project",
        rows_below("project_activity", "projects", "project_id"),
        (_by_id("actor_id", whose="who did it"),),
        "`Former member` stands for somebody who left.",
        not_exported=_TEAMS,
    ),
    Table(
        "projects",
        "projects",
        rows_of_tenant("projects"),
        (Person(("owner_id",), "its owner", Fate.PASSED_ON, Fate.PASSED_ON),),
        "Deleted ones for 30 days.",
        not_exported=_TEAMS,
        impersonal=("name", "name_key", "description"),
    ),
    Table(
        "list_items",
        "what is on lists of gifts, and who gives it",
        rows_of_tenant("list_items"),
        (
            Person(("assigned_to", "shares"), "who gives it", Fate.CLEARED, Fate.CLEARED),
            _by_id("added_by", "name", "notes", whose="who added it"),
        ),
        "Of what others planned nothing is exported: it may be a surprise.",
        ("gift_list_items",),
    ),
    Table(
        "gifts",
        "ideas for gifts",
        rows_of_tenant("gifts"),
        (
            _by_id("created_by", "name", "notes", whose="who had the idea"),
            _by_id("taken_back_by", whose="who took it back"),
        ),
        "",
        ("gifts",),
        impersonal=("name_key",),
    ),
    Table(
        "gift_lists",
        "lists of gifts",
        rows_of_tenant("gift_lists"),
        (_by_id("created_by", "name", whose="who made it"),),
        "",
        ("gift_lists",),
        impersonal=("name_key",),
    ),
    Table(
        "gift_persons",
        "people who are given something",
        rows_of_tenant("gift_persons"),
        (
            Person(
                ("name", "name_key", "relationship", "birthday", "notes", "sizes"),
                "the person; one who is a member is anonymised with their account",
                erased=Fate.ANONYMISED,
            ),
            Person(("user_id", "link_id"), "the member who they are", Fate.CLEARED, Fate.CLEARED),
            Person(("former_user_id",), "the member who they were, until another is linked", erased=Fate.CLEARED),
            _by_id("created_by", whose="who added them"),
        ),
        "People who are no members are known to whoever added them only.",
        ("gift_persons",),
    ),
    Table(
        "gift_occasions",
        "days on which something is given",
        rows_of_tenant("gift_occasions"),
        (
            _by_id("created_by", "name", "date", whose="who added it"),
            _by_id("person_ids", whose="persons of gift planning it is for"),
        ),
        "",
        ("gift_occasions",),
        impersonal=("name_key",),
    ),
    Table(
        "gift_activity",
        "what happened in gift planning",
        rows_of_tenant("gift_activity"),
        (
            _by_id("actor_id", whose="who did it"),
            _by_id("only_for", "hidden_from", whose="who may see it, and who may not"),
        ),
        "",
        not_exported="it may tell of a surprise",
    ),
    Table("attachment_leftovers", "objects that no attachment refers to", rows_of_tenant("attachment_leftovers")),
    Table(
        "search_documents",
        "words by which things are found",
        rows_of_tenant("search_documents"),
        (_by_id("keys", "weights", whose="whoever the thing is about"),),
        "As long as the thing.",
        not_exported="the things themselves are exported",
    ),
    Table("search_spellings", "words that occur in a tenant", rows_of_tenant("search_spellings")),
    Table("storage_allotments", "bytes that another service may fill", rows_of_tenant("storage_allotments")),
    Table("storage_use", "bytes that a tenant uses", rows_of_tenant("storage_use")),
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


def erasure_of(objects: ObjectStore) -> list[ErasureStep]:
    """Of a deleted tenant. The store comes last: while it is away, nothing else waits for it."""
    return [*erasure_steps(TABLES), objects_of_tenant(objects)]
