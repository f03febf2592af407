"""Any server that speaks OpenAI's chat completions (LM Studio, vLLM, Ollama, OpenAI), through their client library.

The library's own retries are off: a question is asked once, and whoever asked decides about a second time.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

import httpx2
import msgspec
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
from conversation_service.llm.provider import MAX_MODEL_CHARACTERS, Delta, Finished, ModelInfo, Prompt, TokenUsage

_DONE = b"[DONE]"
MAX_LINE_BYTES = 1024 * 1024
CONNECT_SECONDS = 5.0
MODELS_SECONDS = 5.0
MAX_ANSWER_CHARACTERS = 1_000_000  # whatever comes behind is a provider gone mad
LONGEST_RETRY_SECONDS = 60
_OPENAI_HOST = "api.openai.com"
"""Its newer models take `max_completion_tokens` only; other servers know `max_tokens`, and not all of them more."""

# Names under which servers tell the length of a model's context; the standard has none.
_CONTEXT_FIELDS = ("max_context_length", "max_model_len", "context_length")
_FAILURES = (openai.OpenAIError, httpx2.HTTPError, TimeoutError, ValueError, TypeError, AttributeError, RecursionError)
"""The last four: the library reads a list of models without a check, and what comes may be no JSON, or bottomless."""


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    completion_tokens: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class _Chunk(msgspec.Struct):
    """What we read of a piece. The library's own types cost five times as much, and would not be checked."""

    model: str | None = None
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: Any = None


_read_chunk = msgspec.json.Decoder(_Chunk).decode


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
        is_openai = urlsplit(base_url).hostname == _OPENAI_HOST
        self._limit_parameter = "max_completion_tokens" if is_openai else "max_tokens"
        self._client = AsyncOpenAI(base_url=base_url, api_key=api_key or "none", timeout=timeout, max_retries=0)

    async def answer(self, prompt: Prompt) -> AsyncGenerator[Delta | Finished, None]:
        reading = _Reading(prompt.model)
        deadline = asyncio.get_running_loop().time() + self._total_seconds
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(self._idle_seconds):
                    response = await stack.enter_async_context(self._ask(prompt))
                lines = _lines(response.iter_bytes())
                while (line := await self._next(lines, deadline, reading)) is not None:
                    text = reading.take(line)
                    if text:
                        yield Delta(text)
            yield reading.finished()
        except _FAILURES as error:
            raise _fact_of(error) from error

    async def models(self) -> Sequence[ModelInfo]:
        try:
            async with asyncio.timeout(MODELS_SECONDS):
                page = await self._client.models.list()
            return [ModelInfo(id=_storable(model.id), context_tokens=_context_of(model)) for model in page.data]
        except _FAILURES as error:
            raise _fact_of(error) from error

    async def close(self) -> None:
        await self._client.close()

    def _ask(self, prompt: Prompt) -> AbstractAsyncContextManager[Any]:
        messages = [{"role": str(message.role), "content": message.content} for message in prompt.messages]
        return self._client.chat.completions.with_streaming_response.create(
            model=prompt.model,
            messages=cast(list[ChatCompletionMessageParam], messages),
            stream=True,
            stream_options={"include_usage": True},
            **self._chosen(prompt),
        )

    def _chosen(self, prompt: Prompt) -> dict[str, Any]:
        """The parameters that somebody has chosen."""
        values: dict[str, Any] = {
            "temperature": prompt.temperature,
            "top_p": prompt.top_p,
            "frequency_penalty": prompt.frequency_penalty,
            "presence_penalty": prompt.presence_penalty,
            "seed": prompt.seed,
            "stop": None if prompt.stop is None else list(prompt.stop),
            self._limit_parameter: prompt.max_tokens,
        }
        return {name: value for name, value in values.items() if value is not None}

    async def _next(self, lines: AsyncIterator[bytes], deadline: float, reading: "_Reading") -> bytes | None:
        """None at the end. A server that has said its last word need not hang up."""
        if reading.is_done:
            return None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(min(deadline, loop.time() + self._idle_seconds)):
                return await anext(lines, None)
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
        self.is_done = False

    @property
    def is_over(self) -> bool:
        return self._reason is not None

    def take(self, line: bytes) -> str:
        """The text in a line of the stream. Raises msgspec.DecodeError, or LlmProviderError when it tells of one."""
        name, _, value = line.partition(b":")
        value = value.strip()
        if name != b"data" or not value:
            return ""
        if value == _DONE:
            self.is_done = True
            return ""
        chunk = _read_chunk(value)
        if chunk.error:
            raise LlmProviderError
        return self._take_chunk(chunk)

    def _take_chunk(self, chunk: _Chunk) -> str:
        self._model = _storable(chunk.model or self._model)[:MAX_MODEL_CHARACTERS]
        if chunk.usage is not None:
            self._usage = TokenUsage(
                prompt_tokens=chunk.usage.prompt_tokens, completion_tokens=chunk.usage.completion_tokens
            )
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self._reason = choice.finish_reason or self._reason
        text = _storable((choice.delta and choice.delta.content) or "")
        self._length += len(text)
        if self._length > MAX_ANSWER_CHARACTERS:
            raise LlmProviderError
        return text

    def finished(self) -> Finished:
        """Raises LlmProviderError when the stream ended before the answer did."""
        if not self.is_over:
            raise LlmProviderError
        return Finished(model=self._model, usage=self._usage, is_cut=self._reason == "length")


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Ended by a line feed and nothing else: the library's own lines end at characters that JSON may contain."""
    rest = b""
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line
        if len(rest) > MAX_LINE_BYTES:
            raise LlmProviderError
    yield rest


def _storable(text: str) -> str:
    """As PostgreSQL can store it."""
    return (text if text.isascii() else text.encode("utf-8", "replace").decode()).replace("\x00", "")


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
