"""Decisions about messages that need no database."""

from typing import Any, NamedTuple
from uuid import UUID

from conversation_service.llm.tokens import TokenCount
from conversation_service.messages.errors import ModelRequired
from shared.events.conversations import MessageRole

COMPLETED = "completed"
NEWEST = "newest"
"""As a parent: whichever message of the conversation was said last."""

Parent = UUID | str | None
"""A message of the conversation, NEWEST, or None for the first of a branch of its own."""


class NewMessage(NamedTuple):
    id: UUID
    role: MessageRole
    content: str
    model: str | None
    parent: Parent
    cost: TokenCount
    status: str = COMPLETED
    usage: dict[str, Any] | None = None


def require_model(role: MessageRole, model: str | None) -> None:
    if role is MessageRole.ASSISTANT and model is None:
        raise ModelRequired
