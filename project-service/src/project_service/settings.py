"""What project-service is told from outside."""

from typing import Annotated

import msgspec

from shared.db.bootstrap import SYSTEM, role_url
from shared.db.databases import DatabaseConfig
from shared.db.migrate import model_modules
from shared.settings import Settings


class ProjectSettings(Settings, frozen=True, kw_only=True):
    database_url_project: Annotated[str, msgspec.Meta(description="PostgreSQL address of the role project_app.")]
    database_url_project_system: Annotated[
        str | None, msgspec.Meta(description="The same for project_system; absent means the same password.")
    ] = None
    object_store_url: Annotated[
        str | None, msgspec.Meta(description="s3://bucket/prefix or file:///folder; absent: TESSERA_HOME/objects.")
    ] = None
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="Port to listen on.")] = 8002


def database_config(settings: ProjectSettings) -> DatabaseConfig:
    url = settings.database_url_project
    system_url = settings.database_url_project_system or role_url(url, SYSTEM)
    return DatabaseConfig("project", url, system_url, model_modules("project"))
