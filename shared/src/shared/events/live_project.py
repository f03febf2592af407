"""What realtime-service asks and tells project-service for the windows in which somebody works on a project."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from shared.errors import TesseraError
from shared.events.files import FileState
from shared.messaging.requests import Request
from shared.principal import Principal
from shared.wire_enum import WireEnum


class GenerationUnavailable(TesseraError):
    status = 501
    code = "GENERATION_UNAVAILABLE"
    message = "This installation generates no code."
    remedy = "Ask the operator for a version that does."


class LiveStatus(WireEnum):
    IDLE = "idle"
    GENERATING = "generating"
    FAILED = "failed"


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    role: str
    content: str
    created_at: datetime


class LiveProject(msgspec.Struct, frozen=True, kw_only=True):
    """A project as it is at `offset` of its `files:{id}` topic: what is told there from then on makes it the newer one.

    `history` has the newest last, at most 100.
    """

    status: LiveStatus
    files: list[FileState]
    history: list[HistoryEntry] = []
    preview_url: str | None = None
    sandbox: dict[str, Any] | None = None
    run: dict[str, Any] | None = None
    epoch: str
    offset: int


class AskLiveProject(Request[LiveProject], frozen=True, kw_only=True):
    """Raises TopicNotFound, absent and forbidden alike."""

    service: ClassVar[str] = "project"
    operation: ClassVar[str] = "project.live_state"
    principal: Principal
    project_id: UUID


class PreviewStatus(WireEnum):
    NONE = "none"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"


class PreviewPlace(msgspec.Struct, frozen=True, kw_only=True):
    url: str | None
    status: PreviewStatus
    expires_at: datetime | None


class AskPreview(Request[PreviewPlace], frozen=True, kw_only=True):
    """Raises TopicNotFound."""

    service: ClassVar[str] = "project"
    operation: ClassVar[str] = "project.preview"
    principal: Principal
    project_id: UUID


class LiveCommand(WireEnum):
    START_GENERATION = "start_generation"
    STOP_GENERATION = "stop_generation"
    USER_MESSAGE = "user_message"


class Done(msgspec.Struct, frozen=True):
    """What it led to is told as events."""


class DoInProject(Request[Done], frozen=True, kw_only=True):
    """`prompt` and `model` start a generation, `content` is a message. Needs an editor.

    Raises TopicNotFound, Forbidden, GenerationUnavailable.
    """

    service: ClassVar[str] = "project"
    operation: ClassVar[str] = "project.do"
    principal: Principal
    project_id: UUID
    command: LiveCommand
    prompt: str | None = None
    model: str | None = None
    content: str | None = None
