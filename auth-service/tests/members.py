"""People who belong to one tenant, made through the public door."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
from auth_builders import Member
from auth_client import AuthClient
from mail_server import MailServer

from shared.events.envelope import Envelope, encode
from shared.events.projects import InvitationRequested, ProjectRole
from shared.messaging.bus import OutgoingMessage

INVITATIONS = "/api/v1/invitations"


async def invite(auth: AuthClient, mail: MailServer, inviter: Member, email: str, **more: object) -> str:
    """The token as it arrives by mail."""
    answer = await auth.send("POST", INVITATIONS, {"email": email, **more}, who=inviter.principal)
    assert answer.status == 201, answer
    return await mail.token_to(email, "invites you")


async def colleague(auth: AuthClient, mail: MailServer, inviter: Member, role: str, email: str | None = None) -> Member:
    """Somebody new with this role in the inviter's tenant, signed in there."""
    email = email or f"{role}-of-{inviter.email}"
    token = await invite(auth, mail, inviter, email, role=role)
    return await auth.register(email=email, invitation_token=token)


def wanting(tenant_id: UUID, invited_by: UUID, email: str) -> OutgoingMessage:
    """What project-service tells."""
    event = InvitationRequested(
        tenant_id=tenant_id, project_id=uuid4(), project_role=ProjectRole.VIEWER, email=email, invited_by=invited_by
    )
    envelope = Envelope(
        id=uuid4(),
        source="project",
        type=event.type,
        subject=str(event.project_id),
        time=datetime.now(UTC),
        data=msgspec.Raw(msgspec.json.encode(event)),
        tenantid=tenant_id,
    )
    return OutgoingMessage("project", event.type, envelope.id, encode(envelope))
