"""Events of before there was an `author` are still read: they lie in queues and logs while a new version starts."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from shared.events.chats import ChatMessageAdded, ChatMessageDeleted, ChatMessageUpdated
from shared.events.envelope import Event
from shared.events.files import VersionAdded
from shared.events.projects import CommentAdded, CommentDeleted, CommentUpdated
from shared.ids import new_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RESOURCE: dict[str, Any] = {
    "id": new_id(),
    "tenant_id": new_id(),
    "author_id": new_id(),
    "version": 1,
    "created_at": NOW,
    "updated_at": NOW,
}
COMMENT = {
    **RESOURCE,
    "project_id": None,
    "entity_type": "task",
    "entity_id": new_id(),
    "parent_id": None,
    "body": "Look",
    "mentioned_user_ids": [],
    "edits": 0,
    "edited_at": None,
    "is_deleted": False,
}
VERSION = {
    **RESOURCE,
    "project_id": new_id(),
    "kind": "write",
    "message": None,
    "added": 1,
    "updated": 0,
    "deleted": 0,
    "file_count": 1,
    "total_size": 1,
}
MESSAGE = {
    **RESOURCE,
    "chat_id": new_id(),
    "number": 1,
    "about_user_id": None,
    "type": "text",
    "content": "Hello",
    "reply_to": None,
    "edited_at": None,
    "is_deleted": False,
}
GONE_COMMENT = {**COMMENT, "has_replies": True, "place": COMMENT}
GONE_MESSAGE = {**MESSAGE, "place": MESSAGE}


@pytest.mark.parametrize(
    ("contract", "payload"),
    [
        (CommentAdded, COMMENT),
        (CommentUpdated, COMMENT),
        (CommentDeleted, GONE_COMMENT),
        (VersionAdded, VERSION),
        (ChatMessageAdded, MESSAGE),
        (ChatMessageUpdated, MESSAGE),
        (ChatMessageDeleted, GONE_MESSAGE),
    ],
)
def test_an_event_without_an_author_is_read(contract: type[Event], payload: dict[str, Any]) -> None:
    stored = msgspec.json.encode({"entity_id": new_id(), "version": 1, "payload": payload})

    event: Any = msgspec.json.decode(stored, type=contract)

    shown = getattr(event.payload, "place", None) or event.payload
    assert (shown.author, shown.author_id) == (None, RESOURCE["author_id"])
