"""Callers, and the settings of the service under test."""

from uuid import UUID

from project_service.settings import ProjectSettings
from shared.principal import Principal, Role
from shared.testing.callers import ACME, INTERNAL_SECRET, somebody

KEY_ENCRYPTION_SECRET = "a key encryption secret of the tests"


def project_settings(*, outbound_allow: str = "") -> ProjectSettings:
    return ProjectSettings(
        internal_secret=INTERNAL_SECRET,
        key_encryption_secret=KEY_ENCRYPTION_SECRET,
        database_url_project="postgresql://unused",
        outbound_allow=outbound_allow,
        object_store_url="memory://",
    )


def person(role: Role = Role.MANAGER, tenant_id: UUID = ACME) -> Principal:
    return somebody(role, tenant_id)
