"""Use cases of invitations."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from auth_service.accounts import repository as accounts
from auth_service.accounts.domain import check_email
from auth_service.accounts.errors import UserNotFound
from auth_service.accounts.schemas import UserView
from auth_service.address_proof.requirement import require_proven
from auth_service.invitations import repository
from auth_service.invitations.acceptance import accept, tell_joining
from auth_service.invitations.domain import project_role_for
from auth_service.invitations.errors import ProjectNotFound
from auth_service.invitations.schemas import CreateInvitation, InvitationQuery, InvitationView, Joined
from auth_service.invitations.sending import put_invitation
from auth_service.mail.letters import INVITATION, Letter, invitation
from auth_service.mail.links import WebLinks
from auth_service.mail.mail_queue import MailQueue
from auth_service.members import seats
from auth_service.members.domain import check_may_grant, check_may_invite
from auth_service.tenants import repository as tenants
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.email_address import email_identity
from shared.errors import EmailNotVerified, Forbidden, LimitReached, TooManyRequests
from shared.events.projects import InvitationRequested, ProjectRole
from shared.events.questions import InvitationRoom, InvitationRoomAnswer, ProjectStanding
from shared.messaging.requests import Requests
from shared.pagination import PageOf
from shared.principal import Principal


class Invitations:
    def __init__(self, database: Database, requests: Requests, mail: MailQueue, links: WebLinks, clock: Clock) -> None:
        self._database = database
        self._requests = requests
        self._mail = mail
        self._links = links
        self._clock = clock

    async def find(self, principal: Principal, query: InvitationQuery) -> PageOf[InvitationView]:
        """Raises Forbidden."""
        check_may_invite(principal.role)
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal.tenant_id, query, self._clock.now())

    async def add(self, principal: Principal, new: CreateInvitation) -> InvitationView:
        """Raises Forbidden, EmailNotVerified, ValidationFailed, MemberExists, TierLimitExceeded, TooManyRequests,
        ProjectNotFound; RequestTimeout or Unavailable when nobody knows the project.
        """
        check_may_invite(principal.role)
        check_may_grant(principal.role, new.role)
        check_email(new.email)
        project_role = project_role_for(new.project_id, new.project_role)
        if new.project_id is not None:
            await self._check_project(principal, new.project_id)
        asked = CreateInvitation(email=new.email, role=new.role, project_id=new.project_id, project_role=project_role)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            inviter = await require_proven(work, principal)
            return work.answer(await self._invite(work, inviter, asked))

    async def send_for(self, work: Work, request: InvitationRequested, asked_at: datetime) -> None:
        """A member joins the project at once. Nothing comes of it if its sender may not invite, or no room is left."""
        member_id = await accounts.find_member_by_email(work, request.tenant_id, request.email)
        if member_id is not None:
            tell_joining(
                work, request.tenant_id, member_id, request.project_id, request.project_role, request.invited_by
            )
            return
        asked = CreateInvitation(email=request.email, project_id=request.project_id, project_role=request.project_role)
        with suppress(UserNotFound, Forbidden, LimitReached, TooManyRequests):  # raised before anything is written
            inviter = await accounts.lock_user(work, request.tenant_id, request.invited_by)
            if not await accounts.was_proven_at(work, inviter.id, asked_at):
                raise EmailNotVerified
            await self._invite(work, inviter, asked)

    async def room(self, question: InvitationRoom) -> InvitationRoomAnswer:
        """Raises EmailNotVerified, TierLimitExceeded, LimitReached or TooManyRequests."""
        async with self._database.unit_of_work(question.tenant_id) as work:
            if question.invited_by is not None:
                await self._check_sender(work, question.tenant_id, question.invited_by)
            identity = email_identity(question.email)
            await seats.require_seat_for(work, question.tenant_id, identity, self._clock.now())
            await repository.require_room(work, question.tenant_id)
            await self._mail.require_room(work, question.tenant_id, question.invited_by, question.email, INVITATION)
        return InvitationRoomAnswer()

    async def remove(self, principal: Principal, invitation_id: UUID) -> None:
        """Raises Forbidden, InvitationNotFound."""
        check_may_invite(principal.role)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await repository.remove_invitation(work, principal.tenant_id, invitation_id)

    async def accept(self, principal: Principal, token: str) -> Joined:
        """Raises TokenUsedOrExpired, InvitedAddressOnly, EmailNotVerified, SessionRevoked, TierLimitExceeded."""
        now = self._clock.now()
        async with self._database.system_work(actor_id=principal.user_id) as work:
            return work.answer(await accept(work, token, principal.user_id, now, keeping=principal.session_id))

    async def _check_sender(self, work: Work, tenant_id: UUID, user_id: UUID) -> None:
        """Raises UserNotFound, EmailNotVerified."""
        if not (await accounts.find_user(work, tenant_id, user_id)).email_verified:
            raise EmailNotVerified

    async def _invite(self, work: Work, inviter: UserView, asked: CreateInvitation) -> InvitationView:
        """Raises what `put_invitation` raises."""

        async def letter_of(token: str) -> Letter:
            tenant = await tenants.get_tenant(work, inviter.tenant_id)
            return invitation(inviter.full_name, tenant.name, self._links.accept_invitation(token))

        return await put_invitation(work, self._mail, inviter, asked, letter_of, self._clock.now())

    async def _check_project(self, principal: Principal, project_id: UUID) -> None:
        standing = await self._requests.ask(ProjectStanding(principal=principal, project_id=project_id))
        if standing.role is None:
            raise ProjectNotFound
        if standing.role is not ProjectRole.OWNER:
            raise Forbidden
