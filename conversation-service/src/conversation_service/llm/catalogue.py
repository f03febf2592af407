"""The models that can be asked: the provider's own list, remembered for a while and while the provider is away."""

import asyncio
import time
from collections.abc import Sequence

from conversation_service.llm.errors import LlmError
from conversation_service.llm.provider import ModelInfo, Provider
from shared.telemetry.logs import get_logger

KEPT_SECONDS = 60.0
RETRY_SECONDS = 5.0  # after a failure


class ModelCatalogue:
    """`context_tokens` is what a model can read whose provider does not say."""

    def __init__(self, provider: Provider, context_tokens: int) -> None:
        self.provider = provider
        self._context_tokens = context_tokens
        self._models: dict[str, ModelInfo] = {}
        self._fresh_until = 0.0
        self._asking = asyncio.Lock()

    async def models(self) -> Sequence[ModelInfo]:
        """The default model first; it is there even when the provider has never answered."""
        async with self._asking:
            if time.monotonic() >= self._fresh_until:
                await self._ask()
        default = self.provider.default_model
        others = (model for model in self._models.values() if model.id != default)
        return [self._models.get(default, ModelInfo(id=default)), *others]

    def context_of(self, model: str) -> int:
        """In tokens, by what is known already: a question must not wait for a list."""
        known = self._models.get(model)
        return (known.context_tokens if known else None) or self._context_tokens

    async def _ask(self) -> None:
        try:
            self._models = {model.id: model for model in await self.provider.models()}
            self._fresh_until = time.monotonic() + KEPT_SECONDS
        except LlmError as error:
            self._fresh_until = time.monotonic() + RETRY_SECONDS
            get_logger().warning("the provider does not tell its models", reason=error.code)
