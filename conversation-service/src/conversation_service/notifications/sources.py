"""What people are notified of: for each event, whom it concerns and what it is called. A new kind is a new row."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from shared.events.auth import SecurityAlert, SecurityAlerted
from shared.events.envelope import Event
from shared.events.notifications import NotificationKind
from shared.events.projects import (
    CommentAdded,
    CommentUpdated,
    TaskAdded,
    TaskAssigned,
    TaskState,
    TaskStatusChanged,
    TeamMemberAdded,
    WebhookDisabled,
    WebhookPassedOn,
)


class Notice(NamedTuple):
    user_id: UUID
    kind: NotificationKind
    title: str
    entity_type: str | None = None
    entity_id: UUID | None = None
    project_id: UUID | None = None
    is_mailed: bool = False
    """By somebody else, already."""
    is_for_actor_too: bool = False


def _mentioned(event: CommentAdded | CommentUpdated) -> Iterator[Notice]:
    comment = event.payload
    for user_id in event.newly_mentioned:
        yield Notice(
            user_id,
            NotificationKind.MENTION,
            "You were mentioned in a comment",
            comment.entity_type,
            comment.entity_id,
            comment.project_id,
        )


def _replied(event: CommentAdded) -> Iterator[Notice]:
    comment = event.payload
    if event.replied_to is not None:
        yield Notice(
            event.replied_to,
            NotificationKind.COMMENT_REPLY,
            "Your comment was answered",
            comment.entity_type,
            comment.entity_id,
            comment.project_id,
        )


def _assignment(task: TaskState, assignee_id: UUID) -> Notice:
    title = "You were assigned a task"
    return Notice(assignee_id, NotificationKind.ASSIGNMENT, title, "task", task.id, task.project_id)


def _assigned(event: TaskAdded | TaskAssigned) -> Iterator[Notice]:
    task = event.payload
    if task.assignee_id is not None:
        yield _assignment(task, task.assignee_id)


def _assigned_among_others(event: TaskStatusChanged) -> Iterator[Notice]:
    """One write is told as one event, by the weightiest of what it did."""
    task = event.payload
    if "assignee_id" in event.changed_fields and task.assignee_id is not None:
        yield _assignment(task, task.assignee_id)


def _taken_on(event: TeamMemberAdded) -> Iterator[Notice]:
    member = event.payload
    title = "You were added to a project"
    yield Notice(member.user_id, NotificationKind.INVITATION, title, "project", member.project_id, member.project_id)


_STOPPED = {
    "gone": "its receiver is gone",
    "failing": "its deliveries failed for days",
    "maker_left": "who made it has left",
}


def _webhook_disabled(event: WebhookDisabled) -> Iterator[Notice]:
    title = f"A webhook was disabled: {_STOPPED.get(event.reason, event.reason)}"
    kind = NotificationKind.WEBHOOK_DISABLED
    yield Notice(event.user_id, kind, title, "webhook", event.webhook_id, event.project_id, is_for_actor_too=True)


def _webhook_passed_on(event: WebhookPassedOn) -> Iterator[Notice]:
    """Of the kind that concerns webhooks: what people have set for it counts here too."""
    title = "A webhook is yours now: who made it has left"
    yield Notice(event.user_id, NotificationKind.WEBHOOK_DISABLED, title, "webhook", event.webhook_id)


_ALERTS = {
    SecurityAlert.PASSWORD_CHANGED: "Your password was changed",
    SecurityAlert.MFA_ENABLED: "A second factor was set up for your account",
    SecurityAlert.MFA_DISABLED: "The second factor of your account was removed",
    SecurityAlert.NEW_DEVICE: "Somebody signed in to your account on a new device",
    SecurityAlert.REFRESH_REUSED: "A session was ended because its key was used twice",
}


def _alerted(event: SecurityAlerted) -> Iterator[Notice]:
    title = _ALERTS[event.alert]
    yield Notice(event.user_id, NotificationKind.SECURITY, title, is_mailed=event.is_mailed, is_for_actor_too=True)


Source = Callable[[Any], Iterator[Notice]]

SOURCES: tuple[tuple[type[Event], Source], ...] = (
    (CommentAdded, _mentioned),
    (CommentUpdated, _mentioned),
    (CommentAdded, _replied),
    (TaskAdded, _assigned),
    (TaskAssigned, _assigned),
    (TaskStatusChanged, _assigned_among_others),
    (TeamMemberAdded, _taken_on),
    (WebhookDisabled, _webhook_disabled),
    (WebhookPassedOn, _webhook_passed_on),
    (SecurityAlerted, _alerted),
)
