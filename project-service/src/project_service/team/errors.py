"""What can go wrong with the team of a project."""

from shared.errors import Conflict


class LastOwner(Conflict):
    code = "LAST_OWNER"
    message = "There must be another owner first."


class TeamMemberExists(Conflict):
    code = "TEAM_MEMBER_EXISTS"
    message = "They are on the team already."
