"""Decisions about messages that need no database."""

from typing import Any, NamedTuple
from uuid import UUID

from conversation_service.messages.errors import ModelRequired
from shared.events.conversations import MessageRole, TokenCountSource

CHARACTERS_PER_TOKEN = 4  # the usual rule of thumb for English text; good enough until a provider says better
COMPLETED = "completed"
NEWEST = "newest"
"""As a parent: whichever message of the conversation was said last."""

Parent = UUID | str | None
"""A message of the conversation, NEWEST, or None for the first of a branch of its own."""


class TokenCount(NamedTuple):
    tokens: int
    source: TokenCountSource


class NewMessage(NamedTuple):
    id: UUID
    role: MessageRole
    content: str
    model: str | None
    parent: Parent
    cost: TokenCount
    status: str = COMPLETED
    usage: dict[str, Any] | None = None


def estimated_tokens(text: str) -> int:
    """The number of tokens, rounded up."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def estimate(text: str) -> TokenCount:
    return TokenCount(estimated_tokens(text), TokenCountSource.ESTIMATE)


def require_model(role: MessageRole, model: str | None) -> None:
    if role is MessageRole.ASSISTANT and model is None:
        raise ModelRequired
