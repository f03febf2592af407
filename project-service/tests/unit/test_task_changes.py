"""What a change of a task is called, and when it is none."""

from datetime import UTC, datetime
from typing import Any

import pytest

from project_service.tasks.domain import change_event, differences, require_plausible
from shared.errors import ValidationFailed
from shared.events.changes import Change
from shared.events.projects import (
    TaskAssigned,
    TaskPriority,
    TaskState,
    TaskStatus,
    TaskStatusChanged,
    TaskUpdated,
)
from shared.ids import new_id

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def task(**changes: Any) -> TaskState:
    fields: dict[str, Any] = {
        "id": new_id(),
        "tenant_id": new_id(),
        "project_id": new_id(),
        "title": "Fly",
        "description": None,
        "status": TaskStatus.TODO,
        "priority": TaskPriority.NORMAL,
        "assignee_id": None,
        "due_at": None,
        "position": 1.0,
        "label_ids": (),
        "depends_on": (),
        "attachment_count": 0,
        "created_by": new_id(),
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return TaskState(**{**fields, **changes})


def test_only_what_differs_is_a_change() -> None:
    before = task(description="old", due_at=NOW)

    assert differences(before, {"title": "Fly", "due_at": NOW, "description": None}) == {"description": None}


@pytest.mark.parametrize(
    ("changed", "contract"),
    [
        (("title",), TaskUpdated),
        (("title", "assignee_id"), TaskAssigned),
        (("assignee_id", "status", "title"), TaskStatusChanged),
    ],
)
def test_the_change_that_says_most_names_the_event(changed: tuple[str, ...], contract: type[Change]) -> None:
    event = change_event(task(version=7), changed)

    assert type(event) is contract
    assert (event.version, event.changed_fields) == (7, changed)


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_a_time_beyond_reason_is_refused(moment: datetime) -> None:
    with pytest.raises(ValidationFailed):
        require_plausible("due_at", moment)

    require_plausible("due_at", NOW)
    require_plausible("due_at", None)
