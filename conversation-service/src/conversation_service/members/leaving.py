"""What becomes of each column that names a user when that user leaves the tenant.

A test compares this with the schema: whoever adds a column that names a user decides here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.wire_enum import WireEnum


class Fate(WireEnum):
    DELETED = "deleted"
    """The row goes."""
    ENDED = "ended"
    """What runs stops."""
    KEPT = "kept"
    """It says who did something. Readers see `Former member`."""
    THEIRS = "theirs"
    """Only they see it, and again when they come back; it goes with the account or the tenant."""


LEAVING: Final[Mapping[str, Fate]] = MappingProxyType(
    {
        "shares.user_id": Fate.DELETED,
        "chat_participants.user_id": Fate.DELETED,
        "project_viewers.user_id": Fate.DELETED,
        "leavings.user_id": Fate.DELETED,
        "runs.user_id": Fate.ENDED,
        "answer_leases.user_id": Fate.ENDED,
        "chat_messages.author_id": Fate.KEPT,
        "chat_messages.about_user_id": Fate.KEPT,
        "chat_reactions.user_id": Fate.KEPT,
        "chats.created_by": Fate.KEPT,
        "notifications.actor_id": Fate.KEPT,
        "usage_days.user_id": Fate.KEPT,
        "outbox.actor_id": Fate.KEPT,
        "tenant_members.user_id": Fate.KEPT,
        "idempotency_keys.user_id": Fate.THEIRS,
        "conversations.user_id": Fate.THEIRS,
        "messages.user_id": Fate.THEIRS,
        "notifications.user_id": Fate.THEIRS,
        "notification_inboxes.user_id": Fate.THEIRS,
        "support_tickets.user_id": Fate.THEIRS,
    }
)
"""Of groups and project chats they take no part any more; direct chats stay, and wait for them."""
