"""HTTP for invitations."""

from uuid import UUID

from auth_service.accounts.errors import UserNotFound
from auth_service.invitations.errors import InvitationNotFound, MemberExists, ProjectNotFound
from auth_service.invitations.new_members import NewMembers
from auth_service.invitations.schemas import (
    AcceptInvitation,
    AddUser,
    CreateInvitation,
    InvitationQuery,
    InvitationView,
    Joined,
)
from auth_service.invitations.service import Invitations
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from auth_service.members.routes import USERS
from shared.caller import Caller
from shared.errors import EmailNotVerified, Forbidden, LimitReached, SessionRevoked, TooManyRequests
from shared.http.answers import Created
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

INVITATIONS = "/api/v1/invitations"

routes = Routes("invitations")
new_member_routes = Routes("users", resource="users")


@routes.get(INVITATIONS, summary="List the invitations of the tenant", errors=[Forbidden])
async def list_invitations(
    principal: Principal, invitations: Invitations, query: InvitationQuery
) -> PageOf[InvitationView]:
    return await invitations.find(principal, query)


@routes.post(
    INVITATIONS,
    summary="Invite somebody by mail; once more, it renews the invitation that waits",
    errors=[
        Forbidden,
        EmailNotVerified,
        UserNotFound,
        ProjectNotFound,
        MemberExists,
        TierLimitExceeded,
        LimitReached,
        TooManyRequests,
    ],
)
async def add_invitation(
    principal: Principal, invitations: Invitations, body: CreateInvitation
) -> Created[InvitationView]:
    return Created(await invitations.add(principal, body))


@routes.delete(
    INVITATIONS + "/{invitation_id}",
    summary="Withdraw an invitation",
    errors=[Forbidden, InvitationNotFound],
)
async def remove_invitation(principal: Principal, invitations: Invitations, invitation_id: UUID) -> None:
    await invitations.remove(principal, invitation_id)


@routes.post(
    INVITATIONS + "/accept",
    summary="Join a tenant by invitation",
    errors=[TokenUsedOrExpired, Forbidden, EmailNotVerified, SessionRevoked, TierLimitExceeded, LimitReached],
)
async def accept_invitation(principal: Principal, invitations: Invitations, body: AcceptInvitation) -> Joined:
    return await invitations.accept(principal, body.token)


@new_member_routes.post(
    USERS,
    summary="Add a member by mail: the link chooses a password, and the account is made then",
    errors=[
        Forbidden,
        EmailNotVerified,
        UserNotFound,
        MemberExists,
        TierLimitExceeded,
        LimitReached,
        TooManyRequests,
    ],
)
async def add_user(
    principal: Principal, new_members: NewMembers, body: AddUser, caller: Caller
) -> Created[InvitationView]:
    return Created(await new_members.add(principal, body, caller))
