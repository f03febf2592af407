"""Decisions about tasks that need no database."""

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from shared.errors import FieldError, ValidationFailed
from shared.events.changes import Change, Removed
from shared.events.projects import (
    TaskAssigned,
    TaskDeleted,
    TaskState,
    TaskStatus,
    TaskStatusChanged,
    TaskUpdated,
)

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
"""Times beyond are mistakes, and no longer fit a calendar in every time zone."""

_CLOSEST = 2.0**-48
"""Two positions differ by more than this part of their size: some bits are left where the last ones would collide."""


class Needed(msgspec.Struct, frozen=True):
    """What has to be done before the task `task_id`."""

    task_id: UUID
    id: UUID
    title: str
    status: TaskStatus


def differences(current: TaskState, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `wanted` that is not so already. Labels are a set: neither order nor repetition is a difference."""
    return {name: value for name, value in wanted.items() if getattr(current, name) != _in_order(value)}


def _in_order(value: Any) -> Any:
    return tuple(sorted(set(value))) if isinstance(value, tuple) else value


def still_open(needed: Iterable[Needed], changed: Mapping[UUID, TaskStatus]) -> list[dict[str, Any]]:
    """What is not done once the `changed` ones have the status given there, as an error's details name it."""
    return [
        {"id": str(task.id), "title": task.title, "status": status.value}
        for task in needed
        if (status := changed.get(task.id, task.status)) is not TaskStatus.DONE
    ]


def unknown_labels(label_ids: Iterable[UUID], known: Collection[UUID]) -> list[FieldError]:
    return [
        FieldError(f"label_ids.{index}", "unknown", "The project has no such label.")
        for index, label_id in enumerate(label_ids)
        if label_id not in known
    ]


def unknown_assignee(assignee_id: UUID | None, known: Collection[UUID]) -> list[FieldError]:
    if assignee_id is None or assignee_id in known:
        return []
    return [FieldError("assignee_id", "unknown", "Nobody in this workspace has this id.")]


def change_event(after: TaskState, changed_fields: tuple[str, ...]) -> Change:
    """One write is one event: of its changes, the one that says most gives the name."""
    contract: type[TaskStatusChanged | TaskAssigned | TaskUpdated] = TaskUpdated
    if "status" in changed_fields:
        contract = TaskStatusChanged
    elif "assignee_id" in changed_fields:
        contract = TaskAssigned
    return contract(entity_id=after.id, version=after.version, changed_fields=changed_fields, payload=after)


def removal_event(before: TaskState) -> TaskDeleted:
    return TaskDeleted(entity_id=before.id, version=before.version + 1, payload=Removed(before.id))


def require_plausible(path: str, moment: object) -> None:
    """Raises ValidationFailed for a time outside 1970 to 9998."""
    if isinstance(moment, datetime) and not EARLIEST <= moment < LATEST:
        raise ValidationFailed([FieldError(path, "out_of_range", "Give a time between 1970 and 9998.")])


def places_between(low: float, high: float | None, count: int) -> list[float] | None:
    """`count` rising positions behind `low` and before `high`; None where they would stand too close to tell apart."""
    if high is None:
        return [math.floor(low) + 1.0 + number for number in range(count)]
    step = (high - low) / (count + 1)
    if step <= max(abs(low), abs(high)) * _CLOSEST:
        return None
    return [low + step * (number + 1) for number in range(count)]
