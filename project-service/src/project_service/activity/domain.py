"""What an event says of the project it happened in."""

from uuid import UUID

from project_service.activity.schemas import Activity
from shared.events.changes import Change
from shared.events.envelope import Envelope
from shared.events.topics import parse_topic

_OF_A_PROJECT = ("project", "tasks", "files")


def activity_of(event: Change, envelope: Envelope) -> Activity | None:
    """None for what happened outside of any project."""
    project_id = project_of(event, envelope)
    if project_id is None:
        return None
    kind = envelope.type.partition(".")[2]
    return Activity(
        id=envelope.id,
        project_id=project_id,
        actor_id=envelope.actorid,
        type=kind,
        entity_type=kind.partition(".")[0],
        entity_id=event.entity_id,
        changed_fields=event.changed_fields,
        occurred_at=envelope.time,
    )


def project_of(event: Change, envelope: Envelope) -> UUID | None:
    """The one that the payload names, else the one whose topic heard of it."""
    named: UUID | None = getattr(getattr(event, "payload", None), "project_id", None)
    topics = (parse_topic(place.topic) for place in envelope.topics)
    heard = (topic.entity_id for topic in topics if topic is not None and topic.kind in _OF_A_PROJECT)
    return named or next(heard, None)
