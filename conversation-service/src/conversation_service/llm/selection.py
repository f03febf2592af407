"""Which provider answers, by what the settings say."""

from conversation_service.llm.offline import OfflineProvider
from conversation_service.llm.provider import Provider
from conversation_service.settings import ConversationSettings


def provider_of(settings: ConversationSettings) -> Provider:
    """Close it at the end."""
    if settings.llm_base_url is None:
        return OfflineProvider()
    # Here and not above: the library takes a second to import, which an installation without a model need not spend.
    from conversation_service.llm.openai_compatible import OpenAICompatibleProvider

    return OpenAICompatibleProvider(
        settings.llm_base_url,
        settings.llm_api_key,
        settings.llm_model,
        idle_seconds=settings.llm_idle_seconds,
        total_seconds=settings.llm_total_seconds,
    )
