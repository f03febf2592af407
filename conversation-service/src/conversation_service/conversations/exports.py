"""A conversation as a file: JSON for programs, Markdown for people. Written in portions, none of which is kept."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import msgspec

from conversation_service.conversations.schemas import ExportFormat
from shared.events.conversations import ConversationState, MessageState

Portions = AsyncIterator[Sequence[MessageState]]
Renderer = Callable[[ConversationState, Portions], AsyncIterator[bytes]]

_SPEAKERS = {"user": "You", "assistant": "Assistant", "system": "System"}
_encode = msgspec.json.encode


async def as_json(conversation: ConversationState, portions: Portions) -> AsyncIterator[bytes]:
    yield b'{"conversation":' + _encode(conversation) + b',"messages":['
    before = b""
    async for messages in portions:
        yield before + b",".join(_encode(message) for message in messages)
        before = b","
    yield b"]}"


async def as_markdown(conversation: ConversationState, portions: Portions) -> AsyncIterator[bytes]:
    yield f"# {' '.join(conversation.title.split())}\n".encode()
    async for messages in portions:
        yield "".join(f"\n## {_heading(message)}\n\n{message.content.strip()}\n" for message in messages).encode()


def _heading(message: MessageState) -> str:
    speaker = _SPEAKERS[message.role]
    model = f" ({message.model})" if message.model else ""
    return f"{speaker}{model}, {message.created_at:%Y-%m-%d %H:%M} UTC"


RENDERERS: Mapping[ExportFormat, Renderer] = {ExportFormat.JSON: as_json, ExportFormat.MARKDOWN: as_markdown}
CONTENT_TYPES = {ExportFormat.JSON: "application/json", ExportFormat.MARKDOWN: "text/markdown; charset=utf-8"}
FILE_ENDINGS = {ExportFormat.JSON: "json", ExportFormat.MARKDOWN: "md"}
