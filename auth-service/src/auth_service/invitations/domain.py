"""Rules of invitations."""

from datetime import timedelta
from uuid import UUID

from shared.errors import FieldError, ValidationFailed
from shared.events.projects import ProjectRole
from shared.wire_enum import WireEnum

LIFE = timedelta(days=7)


class InvitationStatus(WireEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    EXPIRED = "expired"


def project_role_for(project_id: UUID | None, wanted: ProjectRole | None) -> ProjectRole | None:
    """Raises ValidationFailed for a role in no project."""
    if project_id is None and wanted is not None:
        raise ValidationFailed([FieldError("project_role", "invalid", "Name the project too.")])
    return None if project_id is None else wanted or ProjectRole.EDITOR
