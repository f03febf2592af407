"""Rules of invitations."""

from datetime import timedelta
from uuid import UUID

from auth_service.invitations.errors import InvitedAddressOnly
from shared.errors import EmailNotVerified, FieldError, ValidationFailed
from shared.events.projects import ProjectRole
from shared.principal import Role
from shared.wire_enum import WireEnum

LIFE = timedelta(days=7)


class InvitationStatus(WireEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    EXPIRED = "expired"


def may_be_sent_by(inviter: Role | None, role: Role) -> bool:
    """Whether an invitation to `role` stands, with the inviter as they are now; None: not an active member any more."""
    return inviter is not None and inviter.is_at_least(Role.MANAGER) and inviter.is_at_least(role)


def roles_beyond(inviter: Role | None) -> list[Role]:
    """Those that they may invite nobody to."""
    return [role for role in Role if not may_be_sent_by(inviter, role)]


def check_acceptor(role: Role, *, is_addressee: bool, is_proven: bool) -> None:
    """Raises InvitedAddressOnly or EmailNotVerified.

    What administrates a tenant goes to whom it was sent. Everybody else joins other tenants with a proven address, and
    the token proves it to the account of the address that it was mailed to.
    """
    if role.is_at_least(Role.ADMIN) and not is_addressee:
        raise InvitedAddressOnly
    if not is_addressee and not is_proven:
        raise EmailNotVerified


def project_role_for(project_id: UUID | None, wanted: ProjectRole | None) -> ProjectRole | None:
    """Raises ValidationFailed for a role in no project."""
    if project_id is None and wanted is not None:
        raise ValidationFailed([FieldError("project_role", "invalid", "Name the project too.")])
    return None if project_id is None else wanted or ProjectRole.EDITOR
