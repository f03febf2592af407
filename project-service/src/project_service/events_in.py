"""What project-service hears from the other services: each event one line to a use case."""

from project_service.projects.service import ProjectService
from shared.db.unit_of_work import Work
from shared.events.auth import InvitationAccepted
from shared.events.envelope import Envelope
from shared.messaging.consumer import Consumers


def register(consumers: Consumers, projects: ProjectService) -> None:
    async def invitation_accepted(work: Work, event: InvitationAccepted, _envelope: Envelope) -> None:
        await projects.welcome(work, event.tenant_id, event.project_id, event.user_id, event.project_role)

    consumers.on(InvitationAccepted, invitation_accepted)
