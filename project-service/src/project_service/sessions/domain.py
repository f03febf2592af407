"""Rules of workspace sessions: their size, their tags, what a patch changes."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from project_service.sessions.schemas import MAX_STATE_BYTES, SessionView, Tags
from shared.errors import FieldError, ValidationFailed

EMPTY_STATE: Mapping[str, Any] = MappingProxyType(
    {"editor_state": {}, "terminal_state": {}, "breakpoints": [], "context_files": [], "memory": {}}
)

_json = msgspec.json.encode


def state_of(session: msgspec.Struct) -> dict[str, Any]:
    """Null is nothing, as in a patch."""
    given = {part: getattr(session, part) for part in EMPTY_STATE}
    return {part: EMPTY_STATE[part] if value is None else value for part, value in given.items()}


def require_small(state: Mapping[str, Any]) -> str:
    """The state as JSON. Raises ValidationFailed when it is too large or no JSON could say it."""
    encoded = _json(state)
    if len(encoded) > MAX_STATE_BYTES:
        reason = f"The parts of the state take more than {MAX_STATE_BYTES} bytes together."
        raise ValidationFailed([FieldError(part, "too_long", reason) for part in state if state[part]])
    return encoded.decode()


def distinct(tags: Iterable[str]) -> list[str]:
    """Trimmed, in the order given; of those that differ only in case, the first."""
    kept: dict[str, str] = {}
    for tag in tags:
        kept.setdefault(tag.strip().lower(), tag.strip())
    return list(kept.values())


def read_tags(text: str) -> list[str]:
    """Raises ValidationFailed unless it names 1 to 50 tags."""
    tags = distinct(tag for tag in text.split(",") if tag.strip())
    try:
        msgspec.convert(tags, Tags)
    except msgspec.ValidationError as error:
        raise ValidationFailed([FieldError("query.tags", "invalid", str(error))]) from None
    if not tags:
        raise ValidationFailed([FieldError("query.tags", "required", "Name at least one tag.")])
    return tags


def differences(before: SessionView, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a patch that is not so already; what was cleared is empty."""
    new = {name: EMPTY_STATE.get(name) if value is None else value for name, value in wanted.items()}
    if "tags" in wanted:
        new["tags"] = tuple(distinct(wanted["tags"] or ()))
    # As JSON: to Python, true is 1 and 1 is 1.0.
    return {name: value for name, value in new.items() if _json(value) != _json(getattr(before, name))}
