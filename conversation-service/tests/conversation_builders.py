"""Callers, and the settings of the service under test."""

from conversation_service.settings import ConversationSettings
from shared.ids import new_id
from shared.principal import Principal, Role

INTERNAL_SECRET = "a secret of the tests, long enough for HS256"
ACME, GLOBEX = new_id(), new_id()


def conversation_settings() -> ConversationSettings:
    return ConversationSettings(internal_secret=INTERNAL_SECRET, database_url_conversation="postgresql://unused")


def person(role: Role = Role.DEVELOPER, tenant_id: object = ACME) -> Principal:
    """Somebody new of a tenant."""
    return Principal(user_id=new_id(), tenant_id=tenant_id, session_id=new_id(), role=role)
