"""The wire types of completions: what is asked for, and the run that writes the answer."""

from collections.abc import Sequence
from datetime import datetime
from enum import auto
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from conversation_service.messages.schemas import Content, ModelName
from shared.events.conversations import TokenCountSource
from shared.wire_enum import WireEnum

Temperature = Annotated[float, msgspec.Meta(ge=0, le=2)]
MaxTokens = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class RunStatus(WireEnum):
    RUNNING = auto()
    COMPLETED = auto()
    STOPPED = auto()
    """On request."""
    FAILED = auto()
    """By the provider, or because the node that wrote it is gone."""
    INTERRUPTED = auto()
    """The service stopped, and it took too long to be finished."""


class RunUsage(msgspec.Struct, frozen=True, kw_only=True):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    source: TokenCountSource


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """`message_id` is the answer's, whether it is stored already or not; `prompt_id` is the message it answers."""

    id: UUID
    tenant_id: UUID
    conversation_id: UUID
    user_id: UUID
    prompt_id: UUID
    message_id: UUID
    provider: str
    model: str
    status: RunStatus
    error_code: str | None
    usage: RunUsage | None
    delta_count: int
    """Of the finished run."""
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.status is not RunStatus.RUNNING


class Regenerate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: ModelName | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    stream: bool = False


class Complete(Regenerate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    content: Content | None = None
    """What the user says; absent, the message that waits for its answer is answered."""
    parent_id: UUID | UnsetType | None = UNSET
    """As for any message: what the content follows, or without content the end of the branch to answer."""


class EstimateTokens(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    content: Content
    model: ModelName | None = None
    parent_id: UUID | None = None
    """The message it would follow; absent, the newest one."""


class EstimatePart(msgspec.Struct, frozen=True, kw_only=True):
    part: str
    """`instruction`, `history` or `prompt`."""
    messages: int
    tokens: int
    source: TokenCountSource


class TokenEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """`source` is that of the least exact part. What does not fit the model's context is not counted."""

    prompt_tokens: int
    context_tokens: int
    total_tokens: int
    source: TokenCountSource
    model: str
    limit: int
    """What the model reads at most."""
    parts: Sequence[EstimatePart]


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    provider: str
    context_tokens: int
    is_default: bool
