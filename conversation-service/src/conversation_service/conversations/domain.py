"""Decisions about conversations that need no database."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.events.conversations import ConversationState


def distinct_tags(tags: Sequence[str]) -> list[str]:
    """Each once, in the order in which they were given."""
    return list(dict.fromkeys(tags))


def differences(current: ConversationState, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `wanted` that is not so already."""
    tidy = {name: distinct_tags(value) if name == "tags" else value for name, value in wanted.items()}
    return {name: value for name, value in tidy.items() if getattr(current, name) != value}
