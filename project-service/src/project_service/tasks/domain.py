"""Decisions about tasks that need no database."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.errors import FieldError, ValidationFailed
from shared.events.changes import Change
from shared.events.projects import TaskAssigned, TaskState, TaskStatusChanged, TaskUpdated

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
"""Times beyond are mistakes, and no longer fit a calendar in every time zone."""


def differences(current: TaskState, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `wanted` that is not so already."""
    return {name: value for name, value in wanted.items() if getattr(current, name) != value}


def change_event(after: TaskState, changed_fields: tuple[str, ...]) -> Change:
    """One write is one event: of its changes, the one that says most gives the name."""
    contract: type[TaskStatusChanged | TaskAssigned | TaskUpdated] = TaskUpdated
    if "status" in changed_fields:
        contract = TaskStatusChanged
    elif "assignee_id" in changed_fields:
        contract = TaskAssigned
    return contract(entity_id=after.id, version=after.version, changed_fields=changed_fields, payload=after)


def require_plausible(path: str, moment: object) -> None:
    """Raises ValidationFailed for a time outside 1970 to 9998."""
    if isinstance(moment, datetime) and not EARLIEST <= moment < LATEST:
        raise ValidationFailed([FieldError(path, "out_of_range", "Give a time between 1970 and 9998.")])
