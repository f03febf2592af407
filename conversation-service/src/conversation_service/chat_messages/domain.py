"""Decisions about messages in chats that need no database."""

import unicodedata
from datetime import datetime
from urllib.parse import unquote_to_bytes
from uuid import UUID

from msgspec.structs import replace

from shared.errors import FieldError, Forbidden, ValidationFailed
from shared.events.chats import ChatMessageState, ChatMessageType

MAX_EMOJI_BYTES = 32  # a family of four with skin tones is longer than any single emoji in use
MAX_EMOJIS = 50  # different ones on a message

_PICTURES = {"So", "Me"}  # symbols; the keycap that encloses a digit
_PARTS = {"Sk", "Mn", "Cf"}  # skin tones; variation selectors; joiners and the tags of regional flags
_KEYS = set("0123456789#*")
_SIGNS = set("‼⁉↔↕↖↗↘↙↩↪⤴⤵〰〽⬅⬆⬇➕➖➗▪▫▶◀◻◼◽◾")  # emojis among punctuation, arrows and mathematics


def read_emoji(in_path: str) -> str:
    """The emoji that a percent-encoded path segment names. Raises ValidationFailed for anything else."""
    try:
        emoji = unquote_to_bytes(in_path).decode()
    except UnicodeDecodeError:
        emoji = ""
    if not is_emoji(emoji):
        reason = f"Name one emoji of at most {MAX_EMOJI_BYTES} bytes of UTF-8."
        raise ValidationFailed([FieldError("path.emoji", "invalid", reason)])
    return emoji


def is_emoji(text: str) -> bool:
    """A picture with the marks that belong to it: no letters, no spaces, nothing that does not show."""
    if not 1 <= len(text.encode("utf-8", "surrogatepass")) <= MAX_EMOJI_BYTES:
        return False
    has_picture = any(_is_picture(character) for character in text)
    return has_picture and all(_is_picture(c) or c in _KEYS or unicodedata.category(c) in _PARTS for c in text)


def _is_picture(character: str) -> bool:
    return unicodedata.category(character) in _PICTURES or character in _SIGNS


def require_sendable(kind: ChatMessageType) -> None:
    """Raises ValidationFailed."""
    if kind is ChatMessageType.SYSTEM:
        raise ValidationFailed([FieldError("type", "invalid", "Send a text or a file.")])


def require_author(message: ChatMessageState, user_id: UUID) -> None:
    """Raises Forbidden."""
    if message.author_id != user_id:
        raise Forbidden


def emptied(message: ChatMessageState, now: datetime) -> ChatMessageState:
    """What is left of it: its place. Without a name: no later event takes it out of the one that tells of this."""
    version = message.version + 1
    return replace(message, author=None, content="", reactions=(), is_deleted=True, version=version, updated_at=now)


def joined_text(display_name: str | None) -> str:
    return f"{display_name or SOMEBODY} joined the chat."


def left_text(display_name: str | None) -> str:
    return f"{display_name or SOMEBODY} left the chat."


SOMEBODY = "Somebody"
