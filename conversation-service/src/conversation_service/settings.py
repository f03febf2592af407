"""What conversation-service is told from outside."""

from typing import Annotated

import msgspec

from shared.db.bootstrap import SYSTEM, role_url
from shared.db.databases import DatabaseConfig
from shared.db.migrate import model_modules
from shared.settings import Settings


class ConversationSettings(Settings, frozen=True, kw_only=True):
    database_url_conversation: Annotated[
        str, msgspec.Meta(description="PostgreSQL address of the role conversation_app.")
    ]
    database_url_conversation_system: Annotated[
        str | None, msgspec.Meta(description="The same for conversation_system; absent means the same password.")
    ] = None
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="Port to listen on.")] = 8003


def database_config(settings: ConversationSettings) -> DatabaseConfig:
    url = settings.database_url_conversation
    system_url = settings.database_url_conversation_system or role_url(url, SYSTEM)
    return DatabaseConfig("conversation", url, system_url, model_modules("conversation"))
