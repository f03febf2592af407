"""What auth-service hears from the other parts: each event one line to a use case."""

from auth_service.audit.service import AuditKeeper
from auth_service.forwarding.service import Forwarding
from auth_service.invitations.service import Invitations
from shared.db.unit_of_work import Work
from shared.events.envelope import Envelope
from shared.events.gateway import AuditRecorded
from shared.events.notifications import NotificationAdded, NotificationRead
from shared.events.projects import InvitationRequested
from shared.messaging.consumer import Consumers

AUDIT_QUEUE = "auth.audit"
"""Apart from all other events: however much is recorded, nothing else has to wait behind it."""


def register(consumers: Consumers, invitations: Invitations, forwarding: Forwarding) -> None:
    async def invitation_requested(work: Work, event: InvitationRequested, envelope: Envelope) -> None:
        await invitations.send_for(work, event, envelope.time)

    async def notification_added(work: Work, event: NotificationAdded, _envelope: Envelope) -> None:
        await forwarding.pass_on(work, event)

    async def notification_read(work: Work, event: NotificationRead, _envelope: Envelope) -> None:
        forwarding.pass_on_mark(work, event)

    consumers.on(InvitationRequested, invitation_requested)
    consumers.on(NotificationAdded, notification_added)
    consumers.on(NotificationRead, notification_read)


def register_audit(consumers: Consumers, keeper: AuditKeeper) -> None:
    async def audit_recorded(work: Work, event: AuditRecorded, _envelope: Envelope) -> None:
        await keeper.keep(work, event.records)

    consumers.on(AuditRecorded, audit_recorded)
