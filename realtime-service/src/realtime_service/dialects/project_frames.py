"""The project dialect on the wire: JSON frames `{type, data}`."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from realtime_service.errors import InvalidMessage, UnknownType
from realtime_service.events import TopicEvent
from realtime_service.frames import encode_json, require_readable, text_frame
from shared.events.files import FileRemoved, FilesChangedState, FileState, VersionState
from shared.events.live_project import LiveProject, PreviewPlace

MAX_TEXT = 32 * 1024  # characters of a prompt or a message


class ClientData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class GetState(ClientData, frozen=True, kw_only=True):
    pass


class GetPreviewUrl(ClientData, frozen=True, kw_only=True):
    pass


class StartGeneration(ClientData, frozen=True, kw_only=True):
    prompt: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    model: Annotated[str, Meta(max_length=200)] | None = None


class StopGeneration(ClientData, frozen=True, kw_only=True):
    pass


class UserMessage(ClientData, frozen=True, kw_only=True):
    content: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]


class RunPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of a file under construction is known: `offset` bytes. Checked, and without effect: no run is under way
    in a project before something generates files, and what a finished one wrote is in the stream of files."""

    run_id: UUID
    file_id: UUID
    offset: Annotated[int, Meta(ge=0, le=2**53)]


class Resume(ClientData, frozen=True, kw_only=True):
    epoch: Annotated[str, Meta(max_length=64)]
    offset: Annotated[int, Meta(ge=0, le=2**53)]
    run: RunPlace | None = None


class Ping(ClientData, frozen=True, kw_only=True):
    pass


class SignIn(ClientData, frozen=True, kw_only=True):
    token: Annotated[str, Meta(max_length=16 * 1024)]


class _Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    data: msgspec.Raw = msgspec.Raw(b"{}")


CLIENT_DATA: dict[str, type[ClientData]] = {
    "get_state": GetState,
    "get_preview_url": GetPreviewUrl,
    "start_generation": StartGeneration,
    "stop_generation": StopGeneration,
    "user_message": UserMessage,
    "resume": Resume,
    "ping": Ping,
    "auth": SignIn,
}
_READERS = {name: msgspec.json.Decoder(shape).decode for name, shape in CLIENT_DATA.items()}
_read_frame = msgspec.json.Decoder(_Frame).decode


def read_data(text: bytes) -> ClientData:
    """Raises InvalidMessage or UnknownType."""
    require_readable(text)
    try:
        frame = _read_frame(text)
        read = _READERS.get(frame.type)
        if read is not None:
            data = read(frame.data)
            _refuse_nul(data)
            return data
    except (ValueError, RecursionError) as error:
        raise InvalidMessage from error
    raise UnknownType


def _refuse_nul(data: ClientData) -> None:
    """PostgreSQL could not store it. Raises ValueError."""
    texts = (getattr(data, name) for name in data.__struct_fields__)
    if any(isinstance(text, str) and "\x00" in text for text in texts):
        raise ValueError("NUL")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    epoch: str
    offset: int


class Somebody(msgspec.Struct, frozen=True, kw_only=True):
    user_id: UUID
    display_name: str | None


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str
    trace_id: str
    temporary: bool = False
    retry_after_ms: int | UnsetType = UNSET
    details: dict[str, Any] | UnsetType = UNSET
    """Of an exceeded quota, as REST answers it."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    retry_after_ms: int | UnsetType = UNSET


class ServerFrame(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in the stream names its place there; keep the last one to `resume`.

    `redacted` is true, and `data` null, where the thing was deleted since: skip it.
    """

    type: str
    data: Any
    redacted: bool | UnsetType = UNSET
    epoch: str | UnsetType = UNSET
    offset: int | UnsetType = UNSET
    at: datetime | UnsetType = UNSET
    user_id: UUID | UnsetType | None = UNSET


SERVER_DATA: dict[str, type[msgspec.Struct]] = {
    "state_update": LiveProject,
    "preview_url": PreviewPlace,
    "connected": Place,
    "resumed": Place,
    "file_added": FileState,
    "file_updated": FileState,
    "file_deleted": FileRemoved,
    "files_changed": FilesChangedState,
    "version_added": VersionState,
    "user_joined": Somebody,
    "user_left": Somebody,
    "error": Problem,
    "pong": Notice,
    "degraded": Notice,
    "healthy": Notice,
    "going_away": Notice,
    "token_expiring": Notice,
}


def server_frame(kind: str, data: msgspec.Struct | None = None) -> bytes:
    return text_frame(encode_json(ServerFrame(type=kind, data=data if data is not None else {})))


def project_frame(event: TopicEvent) -> bytes:
    """`project.file.added` is `file_added` here, and so on for whatever the project's stream carries."""
    epoch, offset = event.position
    return text_frame(
        encode_json(
            ServerFrame(
                type=event.envelope.type.partition(".")[2].replace(".", "_"),
                data=event.shown_payload,
                redacted=event.is_redacted or UNSET,
                epoch=epoch,
                offset=offset,
                at=event.envelope.time,
                user_id=event.envelope.actorid,
            )
        )
    )
