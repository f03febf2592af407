"""What project-service is told from outside."""

from typing import Annotated

import msgspec

from project_service.outbound.destinations import HostPort, allowed_destinations
from shared.db.bootstrap import SYSTEM, role_url
from shared.db.databases import DatabaseConfig
from shared.db.migrate import model_modules
from shared.settings import Settings, SettingsError


class ProjectSettings(Settings, frozen=True, kw_only=True):
    database_url_project: Annotated[str, msgspec.Meta(description="PostgreSQL address of the role project_app.")]
    database_url_project_system: Annotated[
        str | None, msgspec.Meta(description="The same for project_system; absent means the same password.")
    ] = None
    key_encryption_secret: Annotated[str, msgspec.Meta(min_length=32, description="Seals the secrets of webhooks.")]
    outbound_allow: Annotated[
        str,
        msgspec.Meta(
            description="host:port,... that webhooks may reach although they are not public; for development."
        ),
    ] = ""
    object_store_url: Annotated[
        str | None, msgspec.Meta(description="s3://bucket/prefix or file:///folder; absent: TESSERA_HOME/objects.")
    ] = None
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="Port to listen on.")] = 8002

    def allowed_destinations(self) -> frozenset[HostPort]:
        """Raises SettingsError."""
        try:
            return allowed_destinations(self.outbound_allow)
        except ValueError as error:
            raise SettingsError("unreadable settings: OUTBOUND_ALLOW (host:port, separated by commas)") from error


def database_config(settings: ProjectSettings) -> DatabaseConfig:
    url = settings.database_url_project
    system_url = settings.database_url_project_system or role_url(url, SYSTEM)
    return DatabaseConfig("project", url, system_url, model_modules("project"))
