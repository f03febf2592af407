"""Decisions about chats that need no database."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from conversation_service.chats.errors import ChatParticipantsFixed
from conversation_service.chats.schemas import ChatRole, ChatView, CreateChat
from shared.errors import FieldError, Forbidden, ValidationFailed
from shared.events.chats import ChatKind, ChatState
from shared.principal import Principal, Role


def others_in(new: CreateChat, creator_id: UUID) -> list[UUID]:
    """Whom the creator names beside themself, each once. Raises ValidationFailed for what no such chat can have."""
    others = [user_id for user_id in dict.fromkeys(new.participant_ids) if user_id != creator_id]
    if wrong := list(_wrong(new, others)):
        raise ValidationFailed(wrong)
    return others


def _wrong(new: CreateChat, others: list[UUID]) -> Iterator[FieldError]:
    if new.kind is ChatKind.DIRECT and len(others) != 1:
        yield FieldError("participant_ids", "invalid", "A direct chat is with one other person.")
    if new.kind is ChatKind.PROJECT and others:
        yield FieldError("participant_ids", "invalid", "Those who see the project take part in its chats.")
    if new.kind is ChatKind.PROJECT and new.project_id is None:
        yield FieldError("project_id", "missing", "Name the project.")
    if new.kind is not ChatKind.PROJECT and new.project_id is not None:
        yield FieldError("project_id", "invalid", "Only a project chat belongs to a project.")


def direct_key(one: UUID, other: UUID) -> str:
    """The same for both."""
    return ":".join(sorted((str(one), str(other))))


def require_owner(chat: ChatView, principal: Principal) -> None:
    """Owners and admins of the tenant stand in for a chat's owner where they take part. Raises Forbidden."""
    if not owns(chat, principal):
        raise Forbidden


def owns(chat: ChatView, principal: Principal) -> bool:
    return chat.my_role is ChatRole.OWNER or principal.role.is_at_least(Role.ADMIN)


def require_group(chat: ChatState) -> None:
    """Raises ChatParticipantsFixed."""
    if chat.kind is not ChatKind.GROUP:
        raise ChatParticipantsFixed


def differences(current: ChatState, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `wanted` that is not so already."""
    return {name: value for name, value in wanted.items() if getattr(current, name) != value}
