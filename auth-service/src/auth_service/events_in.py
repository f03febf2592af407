"""What auth-service hears from the other parts: each event one line to a use case."""

from auth_service.audit.service import keep
from auth_service.invitations.service import Invitations
from shared.db.unit_of_work import Work
from shared.events.envelope import Envelope
from shared.events.gateway import AuditRecorded
from shared.events.projects import InvitationRequested
from shared.messaging.consumer import Consumers

AUDIT_QUEUE = "auth.audit"
"""Apart from all other events: however much is recorded, nothing else has to wait behind it."""


def register(consumers: Consumers, invitations: Invitations) -> None:
    async def invitation_requested(work: Work, event: InvitationRequested, _envelope: Envelope) -> None:
        await invitations.send_for(work, event)

    consumers.on(InvitationRequested, invitation_requested)


def register_audit(consumers: Consumers) -> None:
    async def audit_recorded(work: Work, event: AuditRecorded, _envelope: Envelope) -> None:
        await keep(work, event.records)

    consumers.on(AuditRecorded, audit_recorded)
