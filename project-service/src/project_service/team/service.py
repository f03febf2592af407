"""The use cases of teams. Every change holds the project locked, so that its owners are counted as they are."""

from contextlib import suppress
from uuid import UUID

import msgspec

from project_service.leaving.service import Leavings
from project_service.members import repository as members
from project_service.members.errors import UserNotFound
from project_service.projects import repository as projects
from project_service.projects.access import require_role
from project_service.team import repository
from project_service.team.domain import check_invitation, check_owner_remains
from project_service.team.errors import TeamMemberExists
from project_service.team.schemas import Invited, InviteToTeam, PatchTeamMember, TeamMemberView, TeamQuery
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import Forbidden, Unavailable, UpstreamError, UpstreamTimeout
from shared.events.auth import InvitationAccepted
from shared.events.changes import Change
from shared.events.projects import (
    InvitationRequested,
    ProjectRole,
    RemovedTeamMember,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamMemberState,
    TeamMemberUpdated,
)
from shared.events.questions import InvitationRoom, ProjectTeam, ProjectTeamAnswer
from shared.events.topics import project_topic
from shared.http.conditions import IfMatch, refuse_stale
from shared.idempotency import beside_the_write
from shared.members.leavings import Leaving, until
from shared.messaging.requests import Requests
from shared.pagination import PageOf
from shared.principal import Principal, Role


class TeamService:
    def __init__(self, database: Database, requests: Requests, leavings: Leavings, clock: Clock) -> None:
        self._database = database
        self._leavings = leavings
        self._requests = requests
        self._clock = clock

    async def find(self, principal: Principal, project_id: UUID, query: TeamQuery) -> PageOf[TeamMemberView]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.VIEWER)
            return await repository.find_page(work, principal.tenant_id, project_id, query)

    async def invite(self, principal: Principal, project_id: UUID, wanted: InviteToTeam) -> TeamMemberView | Invited:
        """A member of the tenant joins at once.

        Raises UserNotFound, TeamMemberExists, ValidationFailed, Forbidden, EmailNotVerified, TierLimitExceeded.
        """
        check_invitation(wanted)
        await self._require_seat(principal, project_id, wanted)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            project = await projects.lock(work, principal, project_id)
            require_role(project.my_role, ProjectRole.OWNER)
            user_id = await _named(work, principal.tenant_id, wanted)
            if user_id is None:
                return work.answer(_send_for(work, principal, project_id, wanted))
            return work.answer(await self._add(work, principal.tenant_id, project_id, user_id, wanted.role))

    async def _require_seat(self, principal: Principal, project_id: UUID, wanted: InviteToTeam) -> None:
        """For somebody new in the tenant. Auth-service decides when it invites them, so its silence refuses nobody."""
        if not await self._is_for_somebody_new(principal, project_id, wanted):
            return
        assert wanted.email is not None  # usernames are those of members
        with suppress(Unavailable, UpstreamTimeout, UpstreamError):
            await self._requests.ask(
                InvitationRoom(tenant_id=principal.tenant_id, email=wanted.email, invited_by=principal.user_id)
            )

    async def _is_for_somebody_new(self, principal: Principal, project_id: UUID, wanted: InviteToTeam) -> bool:
        """Raises Forbidden where they may not be invited."""
        with beside_the_write():
            async with self._database.unit_of_work(principal.tenant_id) as work:
                await projects.require(work, principal, project_id, ProjectRole.OWNER)
                if await _named(work, principal.tenant_id, wanted) is not None:
                    return False
        _require_inviter(principal)
        return True

    async def change(
        self, principal: Principal, project_id: UUID, user_id: UUID, patch: PatchTeamMember, if_match: IfMatch
    ) -> TeamMemberView:
        """Raises UserNotFound, LastOwner, Forbidden, PreconditionFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            project = await projects.lock(work, principal, project_id)
            require_role(project.my_role, ProjectRole.OWNER)
            before = await repository.get(work, principal.tenant_id, project_id, user_id)
            refuse_stale(if_match, before)
            if patch.role in (msgspec.UNSET, before.role):
                return before
            owners = await repository.find_owners(work, principal.tenant_id, project_id)
            check_owner_remains(owners, before, patch.role)
            after = await repository.change_role(work, before, patch.role, self._clock.now())
            _tell_updated(work, after)
            return await repository.get(work, principal.tenant_id, project_id, user_id)

    async def remove(self, principal: Principal, project_id: UUID, user_id: UUID, if_match: IfMatch) -> None:
        """Everybody may leave. Raises UserNotFound, LastOwner, Forbidden, PreconditionFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            project = await projects.lock(work, principal, project_id)
            is_leaving = user_id == principal.user_id
            require_role(project.my_role, ProjectRole.VIEWER if is_leaving else ProjectRole.OWNER)
            member = await repository.get(work, principal.tenant_id, project_id, user_id)
            refuse_stale(if_match, member)
            check_owner_remains(await repository.find_owners(work, principal.tenant_id, project_id), member, None)
            await repository.remove(work, member)
            await self._leavings.leave_project(work, Leaving(member.tenant_id, user_id, project_id, self._clock.now()))
            _tell_removed(work, member)

    async def welcome(self, work: Work, accepted: InvitationAccepted) -> None:
        """Puts somebody on the team; who is on it never loses by it.

        Nothing happens in a project that is gone, or where the inviter is no owner any more.
        """
        tenant_id, project_id = accepted.tenant_id, accepted.project_id
        if accepted.invited_by is not None:
            standing = await repository.lock_standing(work, tenant_id, project_id, accepted.invited_by)
            if standing is not ProjectRole.OWNER:
                return
        joined = await repository.join(
            work, tenant_id, project_id, accepted.user_id, accepted.project_role, self._clock.now()
        )
        if joined is not None and joined.is_new:
            _tell_added(work, joined.member)
        elif joined is not None:
            _tell_updated(work, joined.member)

    async def answer(self, question: ProjectTeam) -> ProjectTeamAnswer:
        """Nobody to whom the project is invisible."""
        tenant_id = question.principal.tenant_id
        async with self._database.unit_of_work(tenant_id) as work:
            role = await projects.role_of(work, question.principal, question.project_id)
            if role is None:
                return ProjectTeamAnswer(None)
            return ProjectTeamAnswer(role, await repository.find_user_ids(work, tenant_id, question.project_id))

    async def leave_tenant(self, work: Work, leaving: Leaving) -> None:
        """The last owner of a project too: the owners of the tenant own every project."""
        last_written = await until(work, leaving)
        for member in await repository.leave_all(work, leaving.tenant_id, leaving.user_id, last_written):
            _tell_removed(work, member)

    async def _add(
        self, work: Work, tenant_id: UUID, project_id: UUID, user_id: UUID, role: ProjectRole
    ) -> TeamMemberView:
        joined = await repository.join(work, tenant_id, project_id, user_id, role, self._clock.now())
        if joined is None or not joined.is_new:
            raise TeamMemberExists
        _tell_added(work, joined.member)
        return await repository.get(work, tenant_id, project_id, user_id)


async def _named(work: Work, tenant_id: UUID, wanted: InviteToTeam) -> UUID | None:
    """None for an address that no member has. Raises UserNotFound for a username that is nobody's, or several's."""
    if wanted.email is not None:
        return await members.find_by_email(work, tenant_id, wanted.email)
    assert wanted.username is not None  # one of the two was given
    user_id = await members.find_by_username(work, tenant_id, wanted.username)
    if user_id is None:
        raise UserNotFound
    return user_id


def _require_inviter(principal: Principal) -> None:
    """Who brings new people into the tenant is the tenant's matter: its managers do. Raises Forbidden."""
    if not principal.role.is_at_least(Role.MANAGER):
        raise Forbidden


def _send_for(work: Work, principal: Principal, project_id: UUID, wanted: InviteToTeam) -> Invited:
    _require_inviter(principal)
    assert wanted.email is not None  # usernames are those of members
    request = InvitationRequested(
        tenant_id=principal.tenant_id,
        project_id=project_id,
        project_role=wanted.role,
        email=wanted.email,
        invited_by=principal.user_id,
    )
    work.publish(request, topics=[], subject=str(project_id))
    return Invited(email=wanted.email, role=wanted.role)


def _tell_added(work: Work, member: TeamMemberState) -> None:
    _tell(work, member, TeamMemberAdded(entity_id=member.id, version=member.version, payload=member))


def _tell_updated(work: Work, member: TeamMemberState) -> None:
    event = TeamMemberUpdated(entity_id=member.id, version=member.version, changed_fields=("role",), payload=member)
    _tell(work, member, event)


def _tell_removed(work: Work, member: TeamMemberState) -> None:
    gone = RemovedTeamMember(id=member.id, project_id=member.project_id, user_id=member.user_id)
    _tell(work, member, TeamMemberRemoved(entity_id=member.id, version=member.version + 1, payload=gone))


def _tell(work: Work, member: TeamMemberState, event: Change) -> None:
    work.publish(event, topics=[project_topic(member.project_id)], subject=str(member.id))
