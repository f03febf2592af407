"""Callers, and the settings of the service under test."""

from uuid import UUID

from project_service.settings import ProjectSettings
from shared.principal import Principal, Role
from shared.testing.callers import ACME, INTERNAL_SECRET, somebody


def project_settings() -> ProjectSettings:
    return ProjectSettings(
        internal_secret=INTERNAL_SECRET, database_url_project="postgresql://unused", object_store_url="memory://"
    )


def person(role: Role = Role.MANAGER, tenant_id: UUID = ACME) -> Principal:
    return somebody(role, tenant_id)
