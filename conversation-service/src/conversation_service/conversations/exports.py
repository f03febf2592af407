"""A conversation as a file: JSON for programs, Markdown for people."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from conversation_service.conversations.schemas import ExportFormat
from shared.events.conversations import ConversationState, MessageState

Renderer = Callable[[ConversationState, Sequence[MessageState]], bytes]

_SPEAKERS = {"user": "You", "assistant": "Assistant", "system": "System"}


def as_json(conversation: ConversationState, messages: Sequence[MessageState]) -> bytes:
    return msgspec.json.encode({"conversation": conversation, "messages": messages})


def as_markdown(conversation: ConversationState, messages: Sequence[MessageState]) -> bytes:
    said = (f"## {_heading(message)}\n\n{message.content.strip()}\n" for message in messages)
    return "\n".join((f"# {' '.join(conversation.title.split())}\n", *said)).encode()


def _heading(message: MessageState) -> str:
    speaker = _SPEAKERS[message.role]
    model = f" ({message.model})" if message.model else ""
    return f"{speaker}{model}, {message.created_at:%Y-%m-%d %H:%M} UTC"


RENDERERS: Mapping[ExportFormat, Renderer] = {ExportFormat.JSON: as_json, ExportFormat.MARKDOWN: as_markdown}
CONTENT_TYPES = {ExportFormat.JSON: "application/json", ExportFormat.MARKDOWN: "text/markdown; charset=utf-8"}
FILE_ENDINGS = {ExportFormat.JSON: "json", ExportFormat.MARKDOWN: "md"}
