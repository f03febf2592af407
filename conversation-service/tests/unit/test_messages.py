"""What a message costs and what it must say."""

import pytest
from hypothesis import given, strategies as st

from conversation_service.conversations.domain import distinct_tags
from conversation_service.messages.domain import CHARACTERS_PER_TOKEN, estimated_tokens, require_model
from conversation_service.messages.errors import ModelRequired
from shared.events.conversations import MessageRole


@given(st.text())
def test_an_estimate_is_the_length_in_fours_rounded_up(text: str) -> None:
    tokens = estimated_tokens(text)

    assert (tokens - 1) * CHARACTERS_PER_TOKEN < len(text) <= tokens * CHARACTERS_PER_TOKEN


def test_the_assistant_names_its_model() -> None:
    with pytest.raises(ModelRequired):
        require_model(MessageRole.ASSISTANT, None)

    require_model(MessageRole.ASSISTANT, "small-1")
    require_model(MessageRole.USER, None)


def test_a_tag_counts_once() -> None:
    assert distinct_tags(["b", "a", "b"]) == ["b", "a"]
