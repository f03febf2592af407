"""A stateless answer in OpenAI's shapes: as a whole, or piece by piece as server-sent events."""

import time
from collections.abc import AsyncGenerator
from typing import Literal

import msgspec

from conversation_service.answers.unstored import UnstoredAnswer
from conversation_service.chat_completions.schemas import (
    AssistantMessage,
    ChatCompletion,
    ChatCompletionChunk,
    Choice,
    ChunkChoice,
    ChunkDelta,
    TokenCosts,
)
from conversation_service.llm.errors import LlmError
from conversation_service.llm.provider import Delta
from conversation_service.runs.schemas import RunUsage
from shared.http.envelope import error_body
from shared.telemetry.tracing import continue_trace, current_trace

_DONE = b"data: [DONE]\n\n"
_NOTHING = TokenCosts(prompt_tokens=0, completion_tokens=0, total_tokens=0)

Reason = Literal["stop", "length"]


async def whole_completion(answer: UnstoredAnswer) -> ChatCompletion:
    """Raises LlmError."""
    async with answer:
        text = await answer.whole()
    choice = Choice(message=AssistantMessage(content=text), finish_reason=_reason(answer))
    return ChatCompletion(
        id=_id_of(answer), created=_now(), model=answer.model, choices=[choice], usage=_costs(answer.usage)
    )


async def chunks_of(answer: UnstoredAnswer, *, with_usage: bool) -> AsyncGenerator[bytes, None]:
    """The first piece comes when the provider has begun: an LlmError before that is raised, a later one is a piece."""
    chunks = _Chunks(answer, with_usage=with_usage)
    async with answer:
        event = await answer.next()
        yield chunks.delta(ChunkDelta(role="assistant", content=""))
        try:
            while isinstance(event, Delta):
                yield chunks.delta(ChunkDelta(content=event.text))
                event = await answer.next()
        except LlmError as error:
            trace = current_trace() or continue_trace(None)
            yield b"data: %s\n\n" % error_body(error, trace.trace_id)
            return
        yield chunks.delta(ChunkDelta(), _reason(answer))
        if with_usage:
            yield chunks.usage(_costs(answer.usage))
        yield _DONE


class _Chunks:
    def __init__(self, answer: UnstoredAnswer, *, with_usage: bool) -> None:
        self._id = _id_of(answer)
        self._created = _now()
        self._answer = answer
        self._no_usage = None if with_usage else msgspec.UNSET

    def delta(self, delta: ChunkDelta, reason: Reason | None = None) -> bytes:
        return self._encoded([ChunkChoice(delta=delta, finish_reason=reason)], self._no_usage)

    def usage(self, costs: TokenCosts) -> bytes:
        return self._encoded([], costs)

    def _encoded(self, choices: list[ChunkChoice], usage: TokenCosts | msgspec.UnsetType | None) -> bytes:
        chunk = ChatCompletionChunk(
            id=self._id, created=self._created, model=self._answer.model, choices=choices, usage=usage
        )
        return b"data: %s\n\n" % msgspec.json.encode(chunk)


def _id_of(answer: UnstoredAnswer) -> str:
    return f"chatcmpl-{answer.lease_id}"


def _now() -> int:
    return int(time.time())


def _reason(answer: UnstoredAnswer) -> Reason:
    return "length" if answer.finished is not None and answer.finished.is_cut else "stop"


def _costs(usage: RunUsage | None) -> TokenCosts:
    if usage is None:
        return _NOTHING
    return TokenCosts(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.total_tokens,
    )
