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
    llm_base_url: Annotated[
        Annotated[str, msgspec.Meta(pattern=r"^https?://\S+$")] | None,
        msgspec.Meta(description="An OpenAI-compatible server (`http://localhost:1234/v1`); absent means `offline`."),
    ] = None
    llm_api_key: Annotated[str | None, msgspec.Meta(description="What that server asks for.")] = None
    llm_model: Annotated[str, msgspec.Meta(description="The model that answers where nobody names another.")] = (
        "default"
    )
    llm_context_tokens: Annotated[
        int, msgspec.Meta(ge=512, le=10_000_000, description="What a model can read that does not say so itself.")
    ] = 8_192
    llm_tokenizer_file: Annotated[
        str | None,
        msgspec.Meta(description="The model's `tokenizer.json`, for what a provider does not count; else estimates."),
    ] = None
    llm_idle_seconds: Annotated[
        float, msgspec.Meta(gt=0, le=600, description="How long a model may be silent, at the start or in between.")
    ] = 60.0
    llm_total_seconds: Annotated[
        float, msgspec.Meta(gt=0, le=600, description="How long one answer may take as a whole.")
    ] = 120.0
    run_lease_seconds: Annotated[
        float, msgspec.Meta(gt=0, le=600, description="A run whose node was silent for so long counts as crashed.")
    ] = 10.0
    run_drain_seconds: Annotated[
        float, msgspec.Meta(ge=0, le=5, description="What answers get to finish when the service stops, in its 16 s.")
    ] = 5.0
    temporary_hours: Annotated[
        float, msgspec.Meta(gt=0, le=8760, description="How long a temporary conversation stays.")
    ] = 24.0
    public_web_url: Annotated[
        str,
        msgspec.Meta(pattern=r"^https?://[^/?#\s]+[^?#\s]*$", description="The web app: shared links go there."),
    ] = "http://127.0.0.1:3000"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="Port to listen on.")] = 8003


def database_config(settings: ConversationSettings) -> DatabaseConfig:
    url = settings.database_url_conversation
    system_url = settings.database_url_conversation_system or role_url(url, SYSTEM)
    return DatabaseConfig("conversation", url, system_url, model_modules("conversation"))
