"""The models that can be asked: the provider's own list, remembered for a while and while the provider is away."""

import asyncio
import time
from collections.abc import Sequence

from conversation_service.llm.errors import LlmError
from conversation_service.llm.provider import MAX_MODEL_CHARACTERS, ModelInfo, Provider
from shared.errors import FieldError, ValidationFailed
from shared.telemetry.logs import get_logger

KEPT_SECONDS = 60.0
MAX_MODELS = 1_000  # of one provider; the names of all OpenAI's models are some hundred
RETRY_SECONDS = 5.0  # after a failure, or for a model that the list lacks: it may be new
UNKNOWN_MODEL = FieldError("model", "unknown_model", "Choose one of GET /models.")


class ModelCatalogue:
    """`context_tokens` is what a model can read whose provider does not say."""

    def __init__(self, provider: Provider, context_tokens: int) -> None:
        self.provider = provider
        self._context_tokens = context_tokens
        self._models: dict[str, ModelInfo] = {}
        self._fresh_until = 0.0
        self._next_look = 0.0
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

    def knows(self, model: str) -> bool:
        """By what is known already."""
        return model == self.provider.default_model or model in self._models

    async def require(self, model: str) -> None:
        """Raises ValidationFailed for a model that the provider does not list; the default one needs no list."""
        if model == self.provider.default_model:
            return
        if model in self._models and time.monotonic() < self._fresh_until:
            return  # not behind others, who may wait for the provider
        async with self._asking:
            is_due = time.monotonic() >= (self._fresh_until if model in self._models else self._next_look)
            if is_due:
                await self._ask()
        if not self.knows(model):
            raise ValidationFailed([UNKNOWN_MODEL])

    async def _ask(self) -> None:
        self._next_look = time.monotonic() + RETRY_SECONDS
        try:
            self._models = _bounded(await self.provider.models())
            self._fresh_until = time.monotonic() + KEPT_SECONDS
        except LlmError as error:
            self._fresh_until = time.monotonic() + RETRY_SECONDS
            get_logger().warning("the provider does not tell its models", reason=error.code)


def _bounded(models: Sequence[ModelInfo]) -> dict[str, ModelInfo]:
    """Without names that no request can give."""
    nameable = [model for model in models if 1 <= len(model.id) <= MAX_MODEL_CHARACTERS]
    return {model.id: model for model in nameable[:MAX_MODELS]}
