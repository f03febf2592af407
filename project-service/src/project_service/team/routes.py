"""HTTP for the teams of projects."""

from uuid import UUID

from project_service.members.errors import UserNotFound
from project_service.projects.errors import ProjectNotFound
from project_service.projects.routes import PROJECT
from project_service.team.errors import LastOwner, TeamMemberExists
from project_service.team.schemas import Invited, InviteToTeam, PatchTeamMember, TeamMemberView, TeamQuery
from project_service.team.service import TeamService
from shared.errors import EmailNotVerified, Forbidden, PreconditionFailed, TooManyRequests
from shared.http.answers import Accepted, Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

TEAM = PROJECT + "/team"
MEMBER = TEAM + "/{user_id}"
_WRITE_ERRORS = [ProjectNotFound, UserNotFound, Forbidden, LastOwner, PreconditionFailed]

routes = Routes("team", resource="projects")


@routes.get(TEAM, summary="List the team of a project", errors=[ProjectNotFound])
async def list_team(
    principal: Principal, team: TeamService, project_id: UUID, query: TeamQuery
) -> PageOf[TeamMemberView]:
    return await team.find(principal, project_id, query)


@routes.post(
    TEAM + "/invite",
    summary="Put somebody on the team; who is not in the tenant is invited by mail",
    errors=[
        ProjectNotFound,
        UserNotFound,
        Forbidden,
        TeamMemberExists,
        EmailNotVerified,
        TierLimitExceeded,
        TooManyRequests,
    ],
)
async def invite(
    principal: Principal, team: TeamService, project_id: UUID, body: InviteToTeam
) -> Created[TeamMemberView] | Accepted[Invited]:
    found = await team.invite(principal, project_id, body)
    return Accepted(found) if isinstance(found, Invited) else Created(found)


@routes.put(MEMBER, summary="Give somebody another role (the same as PATCH)", errors=_WRITE_ERRORS)
@routes.patch(MEMBER, summary="Give somebody another role", errors=_WRITE_ERRORS)
async def change_member(
    principal: Principal, team: TeamService, project_id: UUID, user_id: UUID, body: PatchTeamMember, if_match: IfMatch
) -> TeamMemberView:
    return await team.change(principal, project_id, user_id, body, if_match)


@routes.delete(MEMBER, summary="Take somebody off the team, or leave it", errors=_WRITE_ERRORS)
async def remove_member(
    principal: Principal, team: TeamService, project_id: UUID, user_id: UUID, if_match: IfMatch
) -> None:
    await team.remove(principal, project_id, user_id, if_match)
