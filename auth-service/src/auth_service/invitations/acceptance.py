"""What an accepted invitation makes true: the same for new accounts and for people who have one."""

from datetime import datetime
from uuid import UUID

from auth_service.accounts import repository as accounts
from auth_service.address_proof.service import prove_address
from auth_service.invitations import repository
from auth_service.invitations.domain import check_acceptor, may_be_sent_by
from auth_service.invitations.repository import OpenInvitation
from auth_service.invitations.schemas import Joined
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.members import seats
from auth_service.members.joining import join
from auth_service.tenants import repository as tenants
from shared.db.unit_of_work import Work
from shared.errors import SessionRevoked
from shared.events.auth import InvitationAccepted
from shared.events.projects import ProjectRole


async def accept(work: Work, token: str, user_id: UUID, now: datetime, *, keeping: UUID | None = None) -> Joined:
    """One account joins by a token, once; for the account it was mailed to it is the proof of the address as well.

    In system work. `keeping` is the session that came along: a first proof does not end it. Raises TokenUsedOrExpired,
    InvitedAddressOnly, EmailNotVerified, SessionRevoked, TierLimitExceeded.
    """
    address = await accounts.lock_address(work, user_id)
    if address is None:
        raise SessionRevoked
    await seats.lock(work, await repository.find_tenant(work, token))
    offered = await repository.find_open(work, token, now)
    await _require_inviter(work, offered)
    is_addressee = address.identity == offered.email_identity
    check_acceptor(offered.role, is_addressee=is_addressee, is_proven=address.is_proven)
    await repository.take_invitation(work, token, user_id, now)
    user = await join(work, offered.tenant_id, user_id, offered.role, now)
    if is_addressee and await prove_address(work, user_id, now, keeping=keeping):
        user = await accounts.find_user(work, offered.tenant_id, user_id)
    if offered.project_id is not None and offered.project_role is not None:
        tell_joining(work, offered.tenant_id, user_id, offered.project_id, offered.project_role, offered.invited_by)
    tenant = await tenants.get_tenant(work, offered.tenant_id)
    return Joined(tenant=tenant, user=user, project_id=offered.project_id, project_role=offered.project_role)


async def tenant_joined(work: Work, token: str, user_id: UUID, now: datetime) -> UUID:
    """The same, for whoever signs in."""
    return (await accept(work, token, user_id, now)).tenant.id


def tell_joining(
    work: Work, tenant_id: UUID, user_id: UUID, project_id: UUID, role: ProjectRole, invited_by: UUID
) -> None:
    """So that project-service puts them on the team."""
    accepted = InvitationAccepted(
        tenant_id=tenant_id, user_id=user_id, project_id=project_id, project_role=role, invited_by=invited_by
    )
    work.publish(accepted, topics=[], subject=str(project_id), tenant_id=tenant_id)


async def _require_inviter(work: Work, offered: OpenInvitation) -> None:
    """Until the end of the transaction they stay what they are. Raises TokenUsedOrExpired.

    Before the invitation is locked: whoever takes a right from the inviter locks the membership first, too.
    """
    role = await repository.lock_right_of(work, offered.tenant_id, offered.invited_by)
    if not may_be_sent_by(role, offered.role):
        raise TokenUsedOrExpired
