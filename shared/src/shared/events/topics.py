"""Topics: their names, which service keeps each kind, and the questions their keeper answers.

A topic has exactly one keeper, because its offsets are counted in the keeper's own transactions.
"""

from typing import NamedTuple
from uuid import UUID

from shared.scopes import EVERY_RESOURCE

KEEPERS = {
    "project": "project",
    "tasks": "project",
    "files": "project",
    "comments": "project",
    "list": "project",
    "list-items": "project",
    "occasion": "project",
    "person": "project",
    "conversation": "conversation",
    "chat": "conversation",
    "user": "auth",
    "tenant": "auth",
}

_RESOURCES = {
    "project": "projects",
    "tasks": "tasks",
    "files": "files",
    "comments": "comments",
    "list": "gifting",
    "list-items": "gifting",
    "occasion": "gifting",
    "person": "gifting",
    "conversation": "conversations",
    "chat": "chats",
    "user": EVERY_RESOURCE,  # notifications, settings, sessions: no single resource stands for what is told there
    "tenant": "users",
}


class Topic(NamedTuple):
    """`kind:rest`, where rest is an id for all kinds but `list-items:all` and `comments:{entity_type}:{id}`."""

    kind: str
    rest: str

    @property
    def keeper(self) -> str:
        return KEEPERS[self.kind]

    @property
    def resource(self) -> str:
        """What the scopes of an API key must let it read to follow the topic."""
        return _RESOURCES[self.kind]

    @property
    def entity_id(self) -> UUID | None:
        """The id at the end of the name, None where there is none."""
        try:
            return UUID(self.rest.rsplit(":", maxsplit=1)[-1])
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.kind}:{self.rest}"


def parse_topic(name: str) -> Topic | None:
    """None when there can be no such topic."""
    kind, _, rest = name.partition(":")
    if kind not in KEEPERS or not rest or len(name) > 120:
        return None
    return Topic(kind, rest)


def project_topic(project_id: UUID) -> str:
    return f"project:{project_id}"


def tasks_topic(project_id: UUID) -> str:
    return f"tasks:{project_id}"


def files_topic(project_id: UUID) -> str:
    return f"files:{project_id}"


def comments_topic(entity_type: str, entity_id: UUID) -> str:
    return f"comments:{entity_type}:{entity_id}"


def conversation_topic(conversation_id: UUID) -> str:
    return f"conversation:{conversation_id}"


def chat_topic(chat_id: UUID) -> str:
    return f"chat:{chat_id}"


def user_topic(user_id: UUID) -> str:
    return f"user:{user_id}"


def tenant_topic(tenant_id: UUID) -> str:
    return f"tenant:{tenant_id}"
