"""What a message must say, and what its tags come to."""

import pytest

from conversation_service.conversations.domain import distinct_tags
from conversation_service.messages.domain import require_model
from conversation_service.messages.errors import ModelRequired
from shared.events.conversations import MessageRole


def test_the_assistant_names_its_model() -> None:
    with pytest.raises(ModelRequired):
        require_model(MessageRole.ASSISTANT, None)

    require_model(MessageRole.ASSISTANT, "small-1")
    require_model(MessageRole.USER, None)


def test_a_tag_counts_once() -> None:
    assert distinct_tags(["b", "a", "b"]) == ["b", "a"]
