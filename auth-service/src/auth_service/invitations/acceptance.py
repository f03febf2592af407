"""What an accepted invitation makes true: the same for new accounts and for people who have one."""

from datetime import datetime
from uuid import UUID

from auth_service.accounts import repository as accounts
from auth_service.accounts.address_proof import prove_address
from auth_service.invitations import repository
from auth_service.invitations.schemas import Joined
from auth_service.members import seats
from auth_service.members.joining import join
from auth_service.tenants import repository as tenants
from shared.db.unit_of_work import Work
from shared.email_address import email_identity
from shared.errors import SessionRevoked
from shared.events.auth import InvitationAccepted
from shared.events.projects import ProjectRole


async def accept(work: Work, token: str, user_id: UUID, now: datetime) -> Joined:
    """Whoever shows the token joins, once. In system work.

    Raises TokenUsedOrExpired, SessionRevoked, TierLimitExceeded.
    """
    if not await accounts.lock_account(work, user_id):
        raise SessionRevoked
    await seats.lock(work, await repository.find_tenant(work, token))
    taken = await repository.take_invitation(work, token, user_id, now)
    user = await join(work, taken.tenant_id, user_id, taken.role, now)
    is_mailed_to_them = email_identity(user.email) == taken.email_identity
    if is_mailed_to_them and await prove_address(work, user_id, now):
        user = await accounts.find_user(work, taken.tenant_id, user_id)
    if taken.project_id is not None and taken.project_role is not None:
        tell_accepted(work, taken.tenant_id, user_id, taken.project_id, taken.project_role)
    tenant = await tenants.get_tenant(work, taken.tenant_id)
    return Joined(tenant=tenant, user=user, project_id=taken.project_id, project_role=taken.project_role)


async def tenant_joined(work: Work, token: str, user_id: UUID, now: datetime) -> UUID:
    """The same, for whoever signs in."""
    return (await accept(work, token, user_id, now)).tenant.id


def tell_accepted(work: Work, tenant_id: UUID, user_id: UUID, project_id: UUID, role: ProjectRole) -> None:
    accepted = InvitationAccepted(tenant_id=tenant_id, user_id=user_id, project_id=project_id, project_role=role)
    work.publish(accepted, topics=[], subject=str(project_id), tenant_id=tenant_id)
