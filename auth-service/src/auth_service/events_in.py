"""What auth-service hears from the other services: each event one line to a use case."""

from auth_service.invitations.service import Invitations
from shared.db.unit_of_work import Work
from shared.events.envelope import Envelope
from shared.events.projects import InvitationRequested
from shared.messaging.consumer import Consumers


def register(consumers: Consumers, invitations: Invitations) -> None:
    async def invitation_requested(work: Work, event: InvitationRequested, _envelope: Envelope) -> None:
        await invitations.send_for(work, event)

    consumers.on(InvitationRequested, invitation_requested)
