"""Any server that speaks OpenAI's chat completions (LM Studio, vLLM, Ollama, OpenAI), through their client library.

The library's own retries are off: a question is asked once, and whoever asked decides about a second time.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, cast

import httpx2
import openai
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam

from conversation_service.llm.errors import (
    LlmError,
    LlmModelNotFound,
    LlmProviderError,
    LlmRateLimited,
    LlmRequestRefused,
    LlmTimeout,
)
from conversation_service.llm.provider import Delta, Finished, ModelInfo, Prompt, TokenUsage

CONNECT_SECONDS = 5.0
MODELS_SECONDS = 5.0
MAX_ANSWER_CHARACTERS = 1_000_000  # whatever comes behind is a provider gone mad
LONGEST_RETRY_SECONDS = 60
# Names under which servers tell the length of a model's context; the standard has none.
_CONTEXT_FIELDS = ("max_context_length", "max_model_len", "context_length")
_FAILURES = (openai.OpenAIError, httpx2.HTTPError, TimeoutError, ValueError, TypeError, AttributeError, LookupError)
"""The last four: reading something else than the protocol's JSON, as the library builds its types without a check."""


class OpenAICompatibleProvider:
    """`idle_seconds` may pass before the first and between two pieces, `total_seconds` for the whole answer."""

    is_offline = False

    def __init__(
        self, base_url: str, api_key: str | None, default_model: str, *, idle_seconds: float, total_seconds: float
    ) -> None:
        self.name = "openai"
        self.default_model = default_model
        self._idle_seconds = idle_seconds
        self._total_seconds = total_seconds
        timeout = httpx2.Timeout(idle_seconds, connect=CONNECT_SECONDS)
        self._client = AsyncOpenAI(base_url=base_url, api_key=api_key or "none", timeout=timeout, max_retries=0)

    async def answer(self, prompt: Prompt) -> AsyncGenerator[Delta | Finished, None]:
        reading = _Reading(prompt.model)
        stream: Any = None
        deadline = asyncio.get_running_loop().time() + self._total_seconds
        try:
            async with asyncio.timeout(self._idle_seconds):
                stream = await self._ask(prompt)
            chunks = aiter(stream)
            while (chunk := await self._next(chunks, deadline, reading)) is not None:
                text = reading.take(chunk)
                if text:
                    yield Delta(text)
            yield reading.finished()
        except _FAILURES as error:
            raise _fact_of(error) from error
        finally:
            if stream is not None:
                await stream.close()

    async def models(self) -> Sequence[ModelInfo]:
        try:
            async with asyncio.timeout(MODELS_SECONDS):
                page = await self._client.models.list()
            return [ModelInfo(id=_text(model.id), context_tokens=_context_of(model)) for model in page.data]
        except _FAILURES as error:
            raise _fact_of(error) from error

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, prompt: Prompt) -> Any:
        messages = [{"role": str(message.role), "content": message.content} for message in prompt.messages]
        return await self._client.chat.completions.create(
            model=prompt.model,
            messages=cast(list[ChatCompletionMessageParam], messages),
            temperature=openai.omit if prompt.temperature is None else prompt.temperature,
            max_tokens=openai.omit if prompt.max_tokens is None else prompt.max_tokens,
            stream=True,
            stream_options={"include_usage": True},
        )

    async def _next(self, chunks: AsyncIterator[Any], deadline: float, reading: "_Reading") -> Any:
        """None at the end. A server that has said its last word need not hang up in time."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(min(deadline, loop.time() + self._idle_seconds)):
                return await anext(chunks, None)
        except TimeoutError:
            if reading.is_over:
                return None
            raise


class _Reading:
    """What the chunks of one answer have told so far."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._usage: TokenUsage | None = None
        self._reason: str | None = None
        self._length = 0

    @property
    def is_over(self) -> bool:
        return self._reason is not None

    def take(self, chunk: Any) -> str:
        """The text of the chunk. Raises one of _FAILURES, or LlmProviderError when there is no end of it."""
        self._model = _text(chunk.model or self._model)
        if chunk.usage is not None:
            self._usage = TokenUsage(
                prompt_tokens=_count(chunk.usage.prompt_tokens), completion_tokens=_count(chunk.usage.completion_tokens)
            )
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self._reason = choice.finish_reason or self._reason
        text = _text(choice.delta.content or "") if choice.delta is not None else ""
        self._length += len(text)
        if self._length > MAX_ANSWER_CHARACTERS:
            raise LlmProviderError
        return text

    def finished(self) -> Finished:
        """Raises LlmProviderError when the stream ended before the answer did."""
        if not self.is_over:
            raise LlmProviderError
        return Finished(model=self._model, usage=self._usage, is_cut=self._reason == "length")


def _text(value: object) -> str:
    """As PostgreSQL can store it. Raises TypeError for anything but text."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    if value.isascii():
        return value.replace("\x00", "")
    return value.encode("utf-8", "replace").decode().replace("\x00", "")


def _count(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise ValueError("not a count")
    return value


def _context_of(model: Any) -> int | None:
    extra = model.model_extra or {}
    values = (extra.get(name) for name in _CONTEXT_FIELDS)
    return next((value for value in values if isinstance(value, int) and 0 < value < 2**31), None)


def _fact_of(error: BaseException) -> LlmError:
    if isinstance(error, openai.RateLimitError):
        return LlmRateLimited(_retry_after(error))
    if isinstance(error, openai.NotFoundError):
        return LlmModelNotFound()
    if isinstance(error, (openai.BadRequestError, openai.UnprocessableEntityError)):
        return LlmRequestRefused()
    if isinstance(error, (openai.APITimeoutError, httpx2.TimeoutException, TimeoutError)):
        return LlmTimeout()
    return LlmProviderError()


def _retry_after(error: openai.RateLimitError) -> int:
    text = error.response.headers.get("retry-after", "")
    return min(max(int(text), 1), LONGEST_RETRY_SECONDS) if text.isascii() and text.isdigit() else LlmRateLimited.usual
