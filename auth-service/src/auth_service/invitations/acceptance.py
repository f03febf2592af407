"""What an accepted invitation makes true: the same for new accounts and for people who have one."""

from datetime import datetime
from uuid import UUID

from auth_service.accounts import repository as accounts
from auth_service.accounts.schemas import UserView
from auth_service.accounts.telling import tell_updated
from auth_service.invitations import repository
from auth_service.invitations.schemas import Joined
from auth_service.members.joining import join
from auth_service.tenants import repository as tenants
from shared.db.unit_of_work import Work
from shared.email_address import email_identity
from shared.events.auth import InvitationAccepted
from shared.events.projects import ProjectRole


async def accept(work: Work, token: str, user_id: UUID, now: datetime) -> Joined:
    """Whoever shows the token joins, once. In system work. Raises TokenUsedOrExpired."""
    taken = await repository.take_invitation(work, token, user_id, now)
    user = await join(work, taken.tenant_id, user_id, taken.role, now)
    if email_identity(user.email) == taken.email_identity:
        user = await _verified(work, user, now)
    if taken.project_id is not None and taken.project_role is not None:
        tell_accepted(work, taken.tenant_id, user_id, taken.project_id, taken.project_role)
    tenant = await tenants.get_tenant(work, taken.tenant_id)
    return Joined(tenant=tenant, user=user, project_id=taken.project_id, project_role=taken.project_role)


def tell_accepted(work: Work, tenant_id: UUID, user_id: UUID, project_id: UUID, role: ProjectRole) -> None:
    accepted = InvitationAccepted(tenant_id=tenant_id, user_id=user_id, project_id=project_id, project_role=role)
    work.publish(accepted, topics=[], subject=str(project_id), tenant_id=tenant_id)


async def _verified(work: Work, user: UserView, now: datetime) -> UserView:
    """The token was mailed to this address, so it is theirs."""
    if not await accounts.mark_verified(work, user.id, now):
        return user
    for seen in await accounts.find_user_everywhere(work, user.id):
        tell_updated(work, seen, ["email_verified"])
    return await accounts.find_user(work, user.tenant_id, user.id)
