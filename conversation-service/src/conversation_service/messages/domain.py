"""Decisions about messages that need no database."""

from conversation_service.messages.errors import ModelRequired
from shared.events.conversations import MessageRole

CHARACTERS_PER_TOKEN = 4  # the usual rule of thumb for English text; good enough until a provider says better


def estimated_tokens(text: str) -> int:
    """The number of tokens, rounded up."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def require_model(role: MessageRole, model: str | None) -> None:
    if role is MessageRole.ASSISTANT and model is None:
        raise ModelRequired
