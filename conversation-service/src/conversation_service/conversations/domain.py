"""Decisions about conversations that need no database."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from shared.events.conversations import ConversationState


class Owner(Protocol):
    """Whose conversations: whoever asks, or for whom something is done."""

    @property
    def tenant_id(self) -> UUID: ...

    @property
    def user_id(self) -> UUID: ...


class Person(NamedTuple):
    tenant_id: UUID
    user_id: UUID


def distinct_tags(tags: Sequence[str]) -> list[str]:
    """Each once, in the order in which they were given."""
    return list(dict.fromkeys(tags))


def differences(current: ConversationState, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `wanted` that is not so already."""
    tidy = {name: distinct_tags(value) if name == "tags" else value for name, value in wanted.items()}
    return {name: value for name, value in tidy.items() if getattr(current, name) != value}
