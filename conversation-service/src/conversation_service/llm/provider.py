"""What is asked of a language model and what comes back, whoever serves it."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import msgspec

from shared.events.conversations import MessageRole

MAX_MODEL_CHARACTERS = 100  # as requests may give; the name is part of a key of the database


class PromptMessage(msgspec.Struct, frozen=True):
    role: MessageRole
    content: str


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """`messages` oldest first, the last one is to be answered. None leaves the choice to the provider."""

    messages: Sequence[PromptMessage]
    model: str
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: Sequence[str] | None = None


class TokenUsage(msgspec.Struct, frozen=True, kw_only=True):
    """As the provider counted."""

    prompt_tokens: int
    completion_tokens: int


class Delta(msgspec.Struct, frozen=True):
    """The next piece of the answer: text that a database can hold, never empty."""

    text: str


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """The answer is complete. `model` is the one that answered; `usage` is None where the provider does not count."""

    model: str
    usage: TokenUsage | None
    is_cut: bool = False
    """The limit on its length ended the answer."""


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    context_tokens: int | None = None
    """What question and answer may have together; None where the provider does not say."""


class Provider(Protocol):
    """Safe for any number of answers at once. What it raises is an LlmError; nothing else comes out."""

    @property
    def name(self) -> str: ...

    @property
    def default_model(self) -> str: ...

    @property
    def is_offline(self) -> bool:
        """No model is connected: what it answers is a placeholder that says so."""

    def answer(self, prompt: Prompt) -> AsyncGenerator[Delta | Finished, None]:
        """Deltas as they come, then exactly one Finished. Closing the iterator hangs up."""

    async def models(self) -> Sequence[ModelInfo]: ...

    async def close(self) -> None: ...
