"""People who belong to one tenant, made through the public door."""

from auth_builders import Member
from auth_client import AuthClient
from mail_server import MailServer

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
