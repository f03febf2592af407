"""Putting an invitation: the same for people who are invited and for people who are added as members."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from auth_service.accounts import repository as accounts
from auth_service.accounts.schemas import UserView
from auth_service.invitations import repository
from auth_service.invitations.domain import LIFE, may_be_sent_by
from auth_service.invitations.errors import MemberExists
from auth_service.invitations.repository import Name
from auth_service.invitations.schemas import CreateInvitation, InvitationView
from auth_service.mail.letters import Letter
from auth_service.mail.limits import Sender
from auth_service.mail.mail_queue import MailQueue
from auth_service.mail_tokens.domain import new_token
from auth_service.members import seats
from auth_service.tenants import repository as tenants
from auth_service.tenants.errors import TenantIsClosed
from shared.db.unit_of_work import Work
from shared.email_address import email_identity
from shared.errors import Forbidden

LetterOf = Callable[[str], Awaitable[Letter]]
"""The letter that carries this token."""


async def put_invitation(
    work: Work,
    mail: MailQueue,
    inviter: UserView,
    asked: CreateInvitation,
    letter_of: LetterOf,
    now: datetime,
    name: Name | None = None,
) -> InvitationView:
    """Into the tenant that the inviter, whose account is locked, is seen in; whatever is raised, nothing is written.

    Nothing of the answer depends on whether the address has an account elsewhere. Raises Forbidden, MemberExists,
    TenantIsClosed, TierLimitExceeded, LimitReached, TooManyRequests.
    """
    tenant_id, token = inviter.tenant_id, new_token()
    await _check(work, inviter, asked, now)
    await mail.post_for(work, Sender(tenant_id, inviter.id), asked.email, await letter_of(token.text))
    return await repository.put_invitation(work, tenant_id, inviter.id, asked, token, now, now + LIFE, name)


async def _check(work: Work, inviter: UserView, asked: CreateInvitation, now: datetime) -> None:
    tenant_id = inviter.tenant_id
    await seats.lock(work, tenant_id)
    if not may_be_sent_by(inviter.role if inviter.is_active else None, asked.role):
        raise Forbidden
    if await accounts.find_member_by_email(work, tenant_id, asked.email) is not None:
        raise MemberExists
    await seats.require_seat_for(work, tenant_id, email_identity(asked.email), now)
    await repository.require_room(work, tenant_id)
    if not await tenants.is_open(work, tenant_id):
        raise TenantIsClosed
