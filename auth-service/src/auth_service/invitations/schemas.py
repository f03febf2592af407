"""Wire types of invitations."""

from datetime import datetime
from uuid import UUID

import msgspec

from auth_service.accounts.schemas import Email, PersonName, UserView
from auth_service.invitations.domain import InvitationStatus
from auth_service.mail_tokens.domain import GivenToken
from auth_service.tenants.schemas import TenantView
from shared.events.projects import ProjectRole
from shared.pagination import PageQuery
from shared.principal import Role


class CreateInvitation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: Email
    role: Role = Role.DEVELOPER
    project_id: UUID | None = None
    project_role: ProjectRole | None = None
    """With a project only; an editor unless it says otherwise."""


class AddUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: Email
    first_name: PersonName
    last_name: PersonName
    role: Role = Role.DEVELOPER


class AcceptInvitation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: GivenToken


class InvitationQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: InvitationStatus | None = None


class InvitationView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tenant_id: UUID
    email: str
    first_name: str | None
    """Of whoever was added as a member: the name of the account that they make. None for other invitations."""
    last_name: str | None
    role: Role
    project_id: UUID | None
    project_role: ProjectRole | None
    invited_by: UUID
    status: InvitationStatus
    expires_at: datetime
    accepted_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """`user` is seen in the tenant that was joined; sign in to it with switch-tenant."""

    tenant: TenantView
    user: UserView
    project_id: UUID | None
    project_role: ProjectRole | None
