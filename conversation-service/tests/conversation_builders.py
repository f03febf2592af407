"""Callers, and the settings of the service under test."""

from typing import Any
from uuid import UUID

from conversation_service.settings import ConversationSettings
from shared.principal import Principal, Role
from shared.testing.callers import ACME, INTERNAL_SECRET, somebody


def conversation_settings(**more: Any) -> ConversationSettings:
    return ConversationSettings(
        internal_secret=INTERNAL_SECRET, database_url_conversation="postgresql://unused", **more
    )


def person(role: Role = Role.DEVELOPER, tenant_id: UUID = ACME) -> Principal:
    return somebody(role, tenant_id)
