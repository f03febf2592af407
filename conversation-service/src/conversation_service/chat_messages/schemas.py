"""The wire types of messages in chats. One is answered as the `ChatMessageState` that its events carry."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.chats import ChatMessageType

Content = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000, pattern=r"\S")]


class SendChatMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    content: Content
    type: ChatMessageType = ChatMessageType.TEXT
    """`text` or `file`: those of the system are written by the server only."""
    reply_to: UUID | None = None
    """A message of the same chat."""


class PatchChatMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    content: Content | UnsetType = UNSET


class MarkRead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    message_id: UUID
    """The last one that has been read."""
