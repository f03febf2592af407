"""What counts as one reaction."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings, strategies as st

from conversation_service.chat_messages.domain import MAX_EMOJI_BYTES, is_emoji, read_emoji
from shared.errors import ValidationFailed

FAMILY, ENGLAND = "\U0001f469‍\U0001f469‍\U0001f467‍\U0001f466", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"


@pytest.mark.parametrize("emoji", ["👍", "❤️", FAMILY, ENGLAND, "1️⃣", "🇪🇺", "👋🏽", "✅", "↩️", "©", "〰️"])
def test_pictures_with_what_belongs_to_them_are_emojis(emoji: str) -> None:
    assert read_emoji(quote(emoji)) == emoji


@pytest.mark.parametrize("text", ["", "x", "1", " ", "\ufe0f", "\u200d", "\0", "👍 ", "👍a", "👍" * 9, "\ud800", "<b>"])
def test_everything_else_is_not(text: str) -> None:
    assert not is_emoji(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=24) | st.binary(max_size=24).map(lambda raw: "".join(f"%{byte:02X}" for byte in raw)))
def test_any_segment_is_read_or_refused(segment: str) -> None:
    try:
        emoji = read_emoji(segment)
    except ValidationFailed:
        return
    assert 1 <= len(emoji.encode()) <= MAX_EMOJI_BYTES
    assert not any(character.isalpha() or character.isspace() for character in emoji)
