"""What auth-service hears from the other parts: each event one line to a use case."""

from auth_service.audit.service import keep
from shared.db.unit_of_work import Work
from shared.events.envelope import Envelope
from shared.events.gateway import AuditRecorded
from shared.messaging.consumer import Consumers

AUDIT_QUEUE = "auth.audit"
"""Apart from all other events: however much is recorded, nothing else has to wait behind it."""


def register_audit(consumers: Consumers) -> None:
    async def audit_recorded(work: Work, event: AuditRecorded, _envelope: Envelope) -> None:
        await keep(work, event.records)

    consumers.on(AuditRecorded, audit_recorded)
