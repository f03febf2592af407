"""The wire types of stateless completions: OpenAI's, as its client libraries send and read them.

What changes an answer is passed on to the provider; `user` and `name` are accepted and not used. Everything else of
OpenAI's, tools and pictures among it, is refused like any unknown field: an answer that ignores it would be wrong.
https://platform.openai.com/docs/api-reference/chat
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from conversation_service.messages.schemas import ModelName
from conversation_service.runs.schemas import MaxTokens, Temperature
from shared.http.answers import Bare

MAX_MESSAGES = 1_000  # of one question; all of them together are bounded by the body and by what the model reads
MAX_PARTS = 100  # of one message
MAX_STOPS = 4  # as OpenAI has it
Text = Annotated[str, msgspec.Meta(max_length=200_000)]
Stop = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Penalty = Annotated[float, msgspec.Meta(ge=-2, le=2)]
Label = Annotated[str, msgspec.Meta(max_length=256)]


class TextPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: Literal["text"]
    text: Text


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`refusal` is null in the answers that clients send back as they came."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | Annotated[list[TextPart], msgspec.Meta(min_length=1, max_length=MAX_PARTS)]
    name: Label | None = None
    refusal: None = None


class StreamOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    include_usage: bool | None = None
    """A last piece tells what the answer has cost."""


class CreateChatCompletion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    messages: Annotated[list[ChatMessage], msgspec.Meta(min_length=1, max_length=MAX_MESSAGES)]
    """Oldest first; the last one is answered."""
    model: ModelName | None = None
    """One of the catalogue; absent, the one that answers by default."""
    temperature: Temperature | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    seed: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: Stop | Annotated[list[Stop], msgspec.Meta(max_length=MAX_STOPS)] | None = None
    max_tokens: MaxTokens | None = None
    max_completion_tokens: MaxTokens | None = None
    """The newer name of `max_tokens`, and the one that counts."""
    n: Literal[1] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: Label | None = None


class TokenCosts(msgspec.Struct, frozen=True, kw_only=True):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class AssistantMessage(msgspec.Struct, frozen=True, kw_only=True):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    index: int = 0
    message: AssistantMessage
    logprobs: None = None
    finish_reason: Literal["stop", "length"]


class ChatCompletion(Bare, frozen=True, kw_only=True):
    """`created` is in Unix seconds."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: Sequence[Choice]
    usage: TokenCosts


class ChunkDelta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    role: str | None = None
    content: str | None = None


class ChunkChoice(msgspec.Struct, frozen=True, kw_only=True):
    index: int = 0
    delta: ChunkDelta
    logprobs: None = None
    finish_reason: str | None = None


class ChatCompletionChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a streamed answer. `usage` is there where it was asked for: null but in the last piece."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: Sequence[ChunkChoice]
    usage: TokenCosts | msgspec.UnsetType | None = msgspec.UNSET
