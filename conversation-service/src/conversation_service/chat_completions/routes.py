"""HTTP for stateless completions, in the format of OpenAI's client libraries."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from sanic.response import ResponseStream

from conversation_service.chat_completions.schemas import ChatCompletion, CreateChatCompletion
from conversation_service.chat_completions.service import ChatCompletionService
from conversation_service.chat_completions.streams import chunks_of, whole_completion
from conversation_service.llm.errors import MODEL_ERRORS
from conversation_service.runs.streams import EVENT_STREAM, STREAM_HEADERS
from shared.http.answers import streamed
from shared.http.routes import Routes
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

routes = Routes("completions", resource="conversations")


@routes.post(
    "/api/v1/chat/completions",
    summary="Ask a model without storing anything: OpenAI's chat completions, with `stream` as server-sent events",
    errors=[*MODEL_ERRORS, TierLimitExceeded],
    replayable=False,
    streams_events=True,
)
async def add_chat_completion(
    principal: Principal, completions: ChatCompletionService, body: CreateChatCompletion
) -> ResponseStream | ChatCompletion:
    answer = await completions.begin(principal, body)
    if not body.stream:
        return await whole_completion(answer)
    with_usage = body.stream_options is not None and bool(body.stream_options.include_usage)
    chunks = chunks_of(answer, with_usage=with_usage)
    first = await anext(chunks)
    return streamed(_joined(first, chunks), STREAM_HEADERS, EVENT_STREAM)


async def _joined(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for chunk in rest:
            yield chunk
