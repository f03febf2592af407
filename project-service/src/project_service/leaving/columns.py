"""What becomes of each column that names a user when that user leaves the tenant.

A test compares this with the schema: whoever adds a column that names a user decides here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.wire_enum import WireEnum


class Fate(WireEnum):
    CLEARED = "cleared"
    """Nobody is named there any more; with an event of the thing, as if somebody had done it."""
    DELETED = "deleted"
    """The row goes."""
    PASSED_ON = "passed_on"
    """To somebody else who may do the same."""
    KEPT = "kept"
    """It says who did something. Readers see `Former member`."""
    KEPT_UNSEEN = "kept_unseen"
    """Nobody is shown it, or it still keeps a secret."""


LEAVING: Final[Mapping[str, Fate]] = MappingProxyType(
    {
        "tasks.assignee_id": Fate.CLEARED,
        "list_items.assigned_to": Fate.CLEARED,
        "list_items.shares": Fate.CLEARED,
        "gift_persons.user_id": Fate.CLEARED,
        "project_members.user_id": Fate.DELETED,
        "project_favorites.user_id": Fate.DELETED,
        "comment_stars.user_id": Fate.DELETED,
        "workspace_sessions.user_id": Fate.DELETED,
        "leavings.user_id": Fate.DELETED,
        "projects.owner_id": Fate.PASSED_ON,
        "webhooks.created_by": Fate.PASSED_ON,
        "tasks.created_by": Fate.KEPT,
        "task_attachments.created_by": Fate.KEPT,
        "comments.author_id": Fate.KEPT,
        "comments.mentioned_user_ids": Fate.KEPT,
        "versions.author_id": Fate.KEPT,
        "project_activity.actor_id": Fate.KEPT,
        "gift_activity.actor_id": Fate.KEPT,
        "gift_persons.created_by": Fate.KEPT,
        "gift_occasions.created_by": Fate.KEPT,
        "gift_lists.created_by": Fate.KEPT,
        "gifts.created_by": Fate.KEPT,
        "list_items.added_by": Fate.KEPT,
        "gift_persons.former_user_id": Fate.KEPT_UNSEEN,
        "gifts.taken_back_by": Fate.KEPT_UNSEEN,
        "gift_activity.only_for": Fate.KEPT_UNSEEN,
        "gift_activity.hidden_from": Fate.KEPT_UNSEEN,
        "tenant_members.user_id": Fate.KEPT_UNSEEN,
        "outbox.actor_id": Fate.KEPT_UNSEEN,
        "idempotency_keys.user_id": Fate.KEPT_UNSEEN,
    }
)
"""Webhooks of the tenant pass to one of its owners; those of a project end and stay ended."""
