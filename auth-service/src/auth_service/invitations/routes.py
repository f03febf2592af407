"""HTTP for invitations."""

from uuid import UUID

from auth_service.invitations.errors import InvitationNotFound, ProjectNotFound
from auth_service.invitations.schemas import (
    AcceptInvitation,
    CreateInvitation,
    InvitationQuery,
    InvitationView,
    Joined,
)
from auth_service.invitations.service import Invitations
from auth_service.mail_tokens.errors import TokenUsedOrExpired
from shared.errors import Forbidden, LimitReached, SessionRevoked, TooManyRequests
from shared.http.answers import Created
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

INVITATIONS = "/api/v1/invitations"

routes = Routes("invitations")


@routes.get(INVITATIONS, summary="List the invitations of the tenant", errors=[Forbidden])
async def list_invitations(
    principal: Principal, invitations: Invitations, query: InvitationQuery
) -> PageOf[InvitationView]:
    return await invitations.find(principal, query)


@routes.post(
    INVITATIONS,
    summary="Invite somebody by mail",
    errors=[Forbidden, ProjectNotFound, TierLimitExceeded, LimitReached, TooManyRequests],
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
    errors=[TokenUsedOrExpired, SessionRevoked, TierLimitExceeded, LimitReached],
)
async def accept_invitation(principal: Principal, invitations: Invitations, body: AcceptInvitation) -> Joined:
    return await invitations.accept(principal, body.token)
